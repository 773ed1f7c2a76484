"""Checks that a page of plots is well formed and loads nothing; prints the texts of what is named (or of "all")."""
import base64
import hashlib
import sys
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

VOID = {"meta", "img", "br", "link", "input"}
ALLOWED = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "small", "section", "p", "figure", "img",
           "figcaption", "ul", "li", "span", "svg", "path", "text", "circle", "rect"}
ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "name", "class", "src", "alt", "viewbox", "role", "d", "x", "y",
              "cx", "cy", "r", "width", "height", "transform", "fill-opacity", "stroke-dasharray"}


class Page(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.texts, self.policy, self.style = [], [], "", ""

    def handle_starttag(self, tag, attrs):
        assert tag in ALLOWED, f"a {tag} element"
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names) and ATTRIBUTES.issuperset(names), f"{tag} has {names}"
        values = dict(attrs)
        assert values.get("src", "data:image/").startswith("data:image/"), values
        if values.get("http-equiv") == "Content-Security-Policy":
            self.policy = values["content"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> ends something else"

    def handle_data(self, data):
        if self.open and self.open[-1] == "style":
            self.style += data
        elif data.strip():
            self.texts.append((self.open[-1], data.strip()))


with open(sys.argv[1], encoding="utf-8") as f:
    text = f.read()
page = Page()
page.feed(text)
page.close()
assert not page.open, f"{page.open} stay open"
digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
assert "default-src 'none'" in page.policy and f"style-src 'sha256-{digest}'" in page.policy, page.policy
assert "script" not in page.policy and "url(" not in page.style
at = 0
while (start := text.find("<svg ", at)) >= 0:
    at = text.index("</svg>", start) + len("</svg>")
    ElementTree.fromstring(text[start:at])
for tag, data in page.texts:
    if sys.argv[2] in (tag, "all"):
        print(data)
