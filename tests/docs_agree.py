#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""docs_agree.py SOURCE PFNSIM: what the documents say exists, and what exists is documented.

Each SIMPLIFIED: comment of model/ stands in docs/MODEL.md, word for word; so do the names of all
semantics.  Files, functions and headings that a document points to are there.  tests/test_pages.py
does the same for the manual pages.
"""

import glob
import os
import re
import subprocess
import sys

FOLDERS = ("model", "sim", "tools", "tests", "docs", "traces")

COMMENT = re.compile(r"/\*.*?\*/", re.S)
LINK = re.compile(r"\]\(([^)\s]+)\)")
QUOTED = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"(?<![\w./-])((?:%s)/[\w./*-]*[\w*])(?::(\w+)\b)?" % "|".join(FOLDERS))


def read(*path):
	with open(os.path.join(*path), encoding="utf-8") as file:
		return file.read()


def words(text):
	return " ".join(text.split())


def run(pfnsim, *arguments):
	done = subprocess.run([pfnsim, *arguments], stdout=subprocess.PIPE, text=True, check=True,
			      stdin=subprocess.DEVNULL)
	return done.stdout


# ---- what there is must be documented ----

def simplifications(source):
	"""(file, text) of each SIMPLIFIED: comment, up to the end of its paragraph."""
	folder = os.path.join(source, "model")
	for name in sorted(os.listdir(folder)):
		if not name.endswith((".c", ".h")):
			continue
		for comment in COMMENT.findall(read(folder, name)):
			text = re.sub(r"\n[ \t]*\*", "\n", comment[2:-2])
			for paragraph in re.split(r"\n[ \t]*\n", text):
				_, *found = paragraph.split("SIMPLIFIED:")
				yield from (("model/" + name, words(one)) for one in found)


def some(what, found):
	"""A list of nothing agrees with everything."""
	found = list(found)
	if not found:
		raise SystemExit(f"docs_agree: found no {what}")
	return found


def undocumented(source, pfnsim):
	model = words(read(source, "docs", "MODEL.md"))

	for file, text in some("SIMPLIFIED: comment", simplifications(source)):
		if f"`{file}`: {text}" not in model:
			yield f"docs/MODEL.md lacks: - `{file}`: {text}"
	for row in some("semantics", run(pfnsim, "semantics").splitlines()):
		name = row.split()[0]
		if f"`{name}`" not in model:
			yield f"docs/MODEL.md lacks the semantics `{name}`"
	if read(source, "docs", "INVARIANTS.md") != run(pfnsim, "invariants", "--format=markdown"):
		yield ("docs/INVARIANTS.md is out of date: "
		       "pfnsim invariants --format=markdown > docs/INVARIANTS.md")
	if read(source, "docs", "CORPUS.md") != corpus(source, pfnsim):
		yield ("docs/CORPUS.md is out of date: "
		       "pfnsim corpus --format=markdown > docs/CORPUS.md")


def corpus(source, pfnsim):
	"""What it finds is for test_traces and test_explore to judge, not its exit code here."""
	done = subprocess.run([os.path.abspath(pfnsim), "corpus", "--format=markdown"], cwd=source,
			      stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
	return done.stdout


# ---- what is documented must be there ----

def documents(source):
	for folder, _, names in sorted(os.walk(os.path.join(source, "docs"))):
		for name in sorted(names):
			if name.endswith((".md", ".scd")):
				yield os.path.relpath(os.path.join(folder, name), source)
	yield from (name for name in ("README.md", "HACKING.md", "CHANGELOG.md")
		    if os.path.exists(os.path.join(source, name)))


def headings(text):
	"""The anchors that a reader of Markdown gives to headings."""
	for line in re.findall(r"^#+ +(.*)", text, re.M):
		yield re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-")


def is_pattern(path):
	"""sem_*.c, test_NAME.c, TOPIC/CLAIM.trace: not a file, but what one may be called."""
	return "*" in path or re.search(r"(?<![A-Za-z])[A-Z]{2,}(?![A-Za-z-]|\.md)", path)


def exists(file):
	"""A subject (model/page: ...) means its source, a recording is named without extension."""
	return os.path.exists(file) or glob.glob(glob.escape(file) + ".*")


def missing(source, document):
	text = read(source, document)
	here = os.path.dirname(os.path.join(source, document))
	markdown = document.endswith(".md")

	for target in LINK.findall(text) if markdown else []:
		path, _, anchor = target.partition("#")
		path = os.path.join(here, path) if path else os.path.join(source, document)
		if re.match(r"\w+:", target):
			continue
		if not os.path.exists(path):
			yield f"link to {target}"
		elif anchor and anchor not in headings(read(path)):
			yield f"link to the heading {target}"
	for part in QUOTED.findall(text) if markdown else [text]:
		for path, name in PATH.findall(part):
			file = os.path.join(source, path)
			if is_pattern(path):
				continue
			if not exists(file):
				yield path
			elif name and not re.search(r"\b%s\b" % name, read(file)):
				yield f"{path} has no {name}"


def main(source, pfnsim):
	wrong = list(undocumented(source, pfnsim))
	for document in documents(source):
		wrong += [f"{document}: {text}: not there" for text in missing(source, document)]
	print("\n".join(wrong))
	return 1 if wrong else 0


if __name__ == "__main__":
	sys.exit(main(sys.argv[1], sys.argv[2]))
