"""Parses XML with expat, for comparison.

Reads any number of documents from standard input, each behind its length as four
bytes (big-endian). Writes for each a line "ok" or "error <reason>", a line with
what it met that XMPP forbids, and behind another length its elements: \\x01 begins
an element, \\x02 its attributes, \\x03 its content, \\x04 ends it.
"""
import re
import struct
import sys
from xml.parsers import expat


def name(n):
    space, _, local = n.rpartition(" ")
    return "{" + space + "}" + local


def parse(data):
    out, met = [], set()
    p = expat.ParserCreate(namespace_separator=" ")
    p.buffer_text = True

    def start(n, attrs):
        out.append("\x01" + name(n))
        for a in sorted(name(k) + "=" + v for k, v in attrs.items()):
            out.append("\x02" + a)
        out.append("\x03")

    def declaration(version, encoding, standalone):
        if not re.fullmatch("1[.][0-9]+", version):
            met.add("version")
        if encoding and encoding.lower() != "utf-8":
            met.add("encoding")
        if standalone >= 0:
            met.add("standalone")

    p.StartElementHandler = start
    p.EndElementHandler = lambda n: out.append("\x04")
    p.CharacterDataHandler = out.append
    p.CommentHandler = lambda s: met.add("comment")
    p.ProcessingInstructionHandler = lambda t, s: met.add("pi")
    p.StartDoctypeDeclHandler = lambda *a: met.add("doctype")
    p.XmlDeclHandler = declaration
    verdict = "ok"
    try:
        p.Parse(data, True)
    except expat.ExpatError as e:
        verdict = "error " + expat.ErrorString(e.code)
    except (LookupError, ValueError):
        verdict = "error unknown encoding"
    return verdict, sorted(met), "".join(out)


def main():
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    while head := stdin.read(4):
        verdict, met, dump = parse(stdin.read(struct.unpack(">I", head)[0]))
        text = dump.encode("utf-8", "surrogatepass") if verdict == "ok" else b""
        stdout.write(f"{verdict}\n{' '.join(met)}\n".encode())
        stdout.write(struct.pack(">I", len(text)) + text)


main()
