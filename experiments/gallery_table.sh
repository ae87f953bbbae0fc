#!/usr/bin/env bash
# gallery_table.sh REPORT PROTOCOL: final.csv and comparisons.csv of a report as one table in Markdown: test balanced accuracy with its 95 %
# interval, what it is above `none`, and whether the test says so. "-" where nothing was compared.
final=$1/final.csv compared=$1/comparisons.csv protocol=$2
awk -v protocol="$protocol" '
    function split_csv(line, out,   n, c, i, quoted) {   # fields of a line of CSV, with quotes
        n = 1; split("", out)
        for (i = 1; i <= length(line); i++) {
            c = substr(line, i, 1)
            if (c == "\"") quoted = !quoted
            else if (c == "," && !quoted) n++
            else out[n] = out[n] c
        }
        return n
    }
    function signed(x) { x = sprintf("%+.3f", x); return x + 0 == 0 ? "0.000" : x }
    FNR == 1 { file++; split("", at); n = split_csv($0, name); for (i = 1; i <= n; i++) at[name[i]] = i; next }
    { split_csv($0, f); cell = f[at["clusters"]] }
    f[at["protocol"]] != protocol { next }
    file == 1 && f[at["set"]] == "test" && f[at["metric"]] == "balanced_accuracy" && f[at["second"]] == "none" {
        key = cell SUBSEP f[at["first"]]
        gain[key] = signed(f[at["difference"]]) " (" signed(f[at["low"]]) " to " signed(f[at["high"]]) ")"
        p[key] = f[at["p_holm"]] + 0 < 0.0005 ? "< 0.001" : sprintf("%.3f", f[at["p_holm"]])
        said[key] = f[at["verdict"]]
    }
    file == 2 {
        if (!head++) print "| clusters | strategy | test balanced accuracy (95 % interval) | runs | leak | above `none` (95 % interval) | p, Holm | than `none` |\n|---|---|---|---|---|---|---|---|"
        key = cell SUBSEP f[at["strategy"]]
        gsub(/\+/, "-", cell)
        printf "| %s | `%s` | %.3f (%.3f to %.3f) | %d | %s | %s | %s | %s |\n", cell, f[at["strategy"]], f[at["test_balanced_accuracy_mean"]],
            f[at["test_balanced_accuracy_low"]], f[at["test_balanced_accuracy_high"]], f[at["n"]],
            (f[at["leak_mean"]] + 0 > 0 ? sprintf("%.0f %% of test", 100 * f[at["leak_share_mean"]]) : "none"),
            ((key in gain) ? gain[key] : "-"), ((key in p) ? p[key] : "-"), ((key in said) ? said[key] : "-")
    }' "$compared" "$final"
