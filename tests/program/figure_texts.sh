#!/usr/bin/env bash
# figure_texts.sh LEAST FIGURE.pdf...: what is wrong with the texts of figures, a line each; status 1 when anything is. Words that leave
# the page, that lie on each other, or smaller than LEAST points; pages higher than the 240 mm of a sheet. DejaVu is 1.164 of its size high.
least=$1
shift
for pdf; do
    pdftotext -bbox "$pdf" - | awk -v name="$(basename "$pdf")" -v least="$least" '
        function value(key) {
            match($0, key "=\"[-0-9.]*\"")
            return substr($0, RSTART + length(key) + 2, RLENGTH - length(key) - 3) + 0
        }
        function say(what) { print name ": " what; wrong = 1 }
        /<page / { width = value("width"); height = value("height"); pages = 1 }
        /<page / && height > 240 / 25.4 * 72 + 1 { say(height / 72 * 25.4 " mm high") }
        /<word / {
            word = $0; sub(/.*">/, "", word); sub(/<.*/, "", word)
            a = value("xMin"); b = value("yMin"); c = value("xMax"); d = value("yMax")
            if (a < -0.5 || b < -0.5 || c > width + 0.5 || d > height + 0.5) say("\"" word "\" leaves the page")
            w = c - a; h = d - b; lies = length(word) < 5 || w > h
            size = (length(word) < 5 ? (w > h ? w : h) : lies ? h : w) / 1.164
            if (size < least - 0.05) say("\"" word "\" has " size " points")
            along = 0.02; across = 0.18
            x = w * (lies && length(word) > 4 ? along : across); y = h * (lies || length(word) < 5 ? across : along)
            x0[n] = a + x; x1[n] = c - x; y0[n] = b + y; y1[n] = d - y
            for (i = 0; i < n; i++)
                if (x0[i] < x1[n] && x0[n] < x1[i] && y0[i] < y1[n] && y0[n] < y1[i]) say("\"" text[i] "\" and \"" word "\" lie on each other")
            text[n++] = word
        }
        END { if (!pages || n < 5) say("no texts"); exit wrong }' || bad=1
done
exit ${bad:-0}
