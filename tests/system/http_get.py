#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What holdfastd says over HTTP, for the system tests.

http_get.py status URL            prints "CODE BODY"
http_get.py metrics URL [SAMPLE]  checks the text as strictly as OpenMetrics 1.0 is written; prints the value of SAMPLE
"""
import re
import sys
import urllib.error
import urllib.request

CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf"({NAME})(\{{{LABEL}(?:,{LABEL})*\}}|\{{\}})? (\d+(?:\.\d+)?)")
SUFFIXES = {"counter": "_total", "gauge": "", "info": "_info"}


def get(url):
    try:
        with urllib.request.urlopen(url, timeout=15) as answer:
            return answer.status, answer.headers, answer.read().decode("utf-8")
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers, answer.read().decode("utf-8")


def parse(text):
    """All samples; raises ValueError at the first line that is not as it has to be."""
    if not text.endswith("# EOF\n"):
        raise ValueError("does not end with # EOF")
    families, samples = {}, {}
    family = None
    for line in text[: -len("# EOF\n")].splitlines():
        words = line.split(" ", 3)
        if line.startswith("# TYPE "):
            _, _, family, kind = words
            if family in families or kind not in SUFFIXES or not re.fullmatch(NAME, family):
                raise ValueError(f"family twice, or of no known type: {line}")
            families[family] = kind
        elif line.startswith("# HELP "):
            if words[2] != family or len(words) < 4:
                raise ValueError(f"HELP of another family: {line}")
        else:
            match = SAMPLE.fullmatch(line)
            if not match or family is None or match[1] != family + SUFFIXES[families[family]]:
                raise ValueError(f"no sample of family {family}: {line}")
            key = match[1] + (match[2] or "")
            if key in samples:
                raise ValueError(f"twice: {line}")
            samples[key] = float(match[3])
    return samples


def main():
    what, url, *sample = sys.argv[1:]
    status, headers, text = get(url)
    if what == "status":
        print(status, text.strip())
        return 0
    if status != 200 or headers["Content-Type"] != CONTENT_TYPE:
        print(f"status {status}, Content-Type {headers['Content-Type']}")
        return 1
    samples = parse(text)
    if sample:
        print(f"{samples[sample[0]]:.0f}")
    else:
        print(f"{len(samples)} samples")
    return 0


sys.exit(main())
