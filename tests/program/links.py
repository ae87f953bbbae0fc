# Whether every relative link of Markdown files leads to a file and heading that are there: links.py FILE...
import os, re, sys
def slug(title):
    return re.sub(r"[^\w\- ]", "", re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", title).lower()).strip().replace(" ", "-")
def text(path):
    return re.sub(r"^ *```.*?^ *```", "", open(path, encoding="utf-8").read(), flags=re.S | re.M)
bad, n = [], 0
for page in sys.argv[1:]:
    for link in re.findall(r"\]\(([^)\s]+)\)", text(page)):
        if re.match(r"\w+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
        n += 1
        if not os.path.exists(target):
            bad.append(f"{page}: {link}: no such file")
        elif anchor and anchor not in [slug(t) for t in re.findall(r"^#+ (.*)", text(target), flags=re.M)]:
            bad.append(f"{page}: {link}: no such heading")
print("\n".join(bad) if bad else f"{n} lead somewhere")
sys.exit(bool(bad) or n < 20)
