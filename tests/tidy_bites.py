#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""tidy_bites.py TIDY: every rule of tools/tidy refuses its violators and passes their neighbours.

A violator is a file laid into an otherwise tidy tree.  A rule without one fails.
"""

import os
import subprocess
import sys
import tempfile

C = "/* SPDX-License-Identifier: GPL-2.0-only */\n"
MESON = "# SPDX-License-Identifier: GPL-2.0-only\n"
LATER = "TO" "DO"

TIDY_TREE = {
	"model/meson.build": MESON + "files('page.c', 'sem_v11.c')\n",
	"model/page.h": C,
	"model/page.c": C + '#include "model/page.h"\n',
	"sim/meson.build": MESON + "files('trace.c')\n",
	"sim/trace.h": C,
	"sim/trace.c": C + '#include "sim/trace.h"\n',
	"tools/meson.build": MESON + "files('pfnsim.c')\n",
	"tools/pfnsim.c": C + 'int main(void) { printf("x"); exit(0); }\n',
	"tests/meson.build": MESON + "foreach name : ['test_page']\n",
	"tests/test_page.c": C,
}

# rule, file, its content: refused by this rule and by no other
VIOLATORS = [
	("spdx", "model/page.c", "int x;\n"),
	("spdx", "meson.build", "project('x')\n"),
	("spdx", "tools/run", "#!/bin/sh\necho\n"),
	("width", "sim/trace.c", C + "int " + "x" * 97 + ";\n"),
	("width", "sim/trace.c", C + "\t" * 12 + "int x;\n"),
	("blanks", "model/page.c", C + "int x; \n"),
	("blanks", "model/page.c", C + "int x;\n\n"),
	("blanks", "model/page.c", C + "int x;"),
	("blanks", "model/page.c", C + "int x;\r\n"),
	("later", "model/page.c", C + f"/* {LATER}: more */\n"),
	("length", "model/page.c", C + "int x;\n" * 600),
	("pure-model", "model/page.c", C + "#include <stdio.h>\n"),
	("pure-model", "model/page.c", C + "#include <stdlib.h>\n"),
	("pure-model", "model/page.c", C + "int *x = malloc(4);\n"),
	("pure-model", "model/page.c", C + "\tfree(x);\n"),
	("pure-model", "model/page.c", C + '\tsnprintf(x, 4, "y");\n'),
	("pure-model", "model/page.c", C + "int x = rand();\n"),
	("pure-model", "model/page.c", C + "int x = time(0);\n"),
	("pure-model", "model/page.h", C + "void page_dump(FILE *);\n"),
	("only-tools-exit", "sim/trace.c", C + "\texit(1);\n"),
	("only-tools-exit", "tests/test_page.c", C + "\texit(1);\n"),
	("only-tools-print", "sim/trace.c", C + '\tprintf("x");\n'),
	("only-tools-print", "sim/trace.c", C + '\tputs("x");\n'),
	("only-tools-print", "sim/trace.c", C + "\treport(stdout);\n"),
	("only-tools-print", "tests/test_page.c", C + '\tprintf("x");\n'),
	("include-direction", "model/page.c", C + '#include "sim/trace.h"\n'),
	("include-direction", "model/page.c", C + '#include "page.h"\n'),
	("include-direction", "model/page.c", C + '#include "../sim/trace.h"\n'),
	("include-direction", "model/page.c", C + '#include "model/../sim/trace.h"\n'),
	("include-direction", "sim/trace.c", C + '#include "tools/pfnsim.h"\n'),
	("include-direction", "tools/pfnsim.c", C + '#include "tests/support.h"\n'),
	("semantics-by-name", "sim/trace.c", C + "\tif (world->semantics == old)\n"),
	("semantics-by-name", "sim/trace.c", C + "\tif (old == &semantics_v11)\n"),
	("semantics-by-name", "model/page.c", C + '\tif (!strcmp(name, "v11"))\n'),
	("semantics-by-name", "tools/pfnsim.c", C + "\tif (!strcmp(sem->name, x))\n"),
	("listed", "model/lock.c", C),
	("listed", "tests/test_lock.c", C),
	("no-cycles", "model/page.h", C + '#include "model/page.h"\n'),
]

# file, its content: looks like a violator and is none
NEIGHBOURS = [
	("model/page.c", C + "/* malloc() and printf() are for others */\n"),
	("model/page.c", C + "\tops->free(page);\n\tpage_free(page);\n\tu64 time;\n"),
	("model/page.c", C + "int x;\n" * 599),
	("model/sem_v11.c", C + '\tif (!strcmp(sem->name, "v11"))\n'),
	("sim/trace.c", C + "#include <stdio.h>\n\tfprintf(out, \"exit(1)\");\n"),
	("sim/trace.c", C + "\tif (world->semantics != NULL)\n"),
	("sim/trace.c", C + '#include "model/page.h"\n'),
	("sim/trace.c", C + "\t_exit(127);\n"),
	("tests/test_page.c", C + '#include "sim/trace.h"\n\texit_code = run(x);\n'),
	("tests/test_page.c", C + "\tdup2(fd, fileno(stdout));\n"),
]


def tidy_tree(folder, path, content):
	for name, text in {**TIDY_TREE, path: content}.items():
		file = os.path.join(folder, name)
		os.makedirs(os.path.dirname(file), exist_ok=True)
		with open(file, "w", encoding="utf-8", newline="") as out:
			out.write(text)


def findings(tidy, path, content):
	"""The rules that refuse the tree, by name."""
	with tempfile.TemporaryDirectory() as folder:
		tidy_tree(folder, path, content)
		done = subprocess.run([sys.executable, tidy, folder], stdout=subprocess.PIPE,
				      text=True, check=False)
	lines = done.stdout.splitlines()[:-1]
	rules = {line.split(": ")[1] for line in lines} - {"warning"}
	assert done.returncode == (1 if rules else 0), done.stdout
	return rules


def main(tidy):
	wrong = []
	for rule, path, content in VIOLATORS:
		found = findings(tidy, path, content)
		if found != {rule}:
			wrong.append(f"{rule}: {path} {content[-40:]!r}: found {sorted(found)}")
	for path, content in NEIGHBOURS:
		found = findings(tidy, path, content)
		if found:
			wrong.append(f"neighbour: {path} {content[-40:]!r}: found {sorted(found)}")

	rules = subprocess.run([sys.executable, tidy, "--rules"], stdout=subprocess.PIPE, text=True,
			       check=True).stdout.split()
	for rule in sorted(set(rules) - {rule for rule, _, _ in VIOLATORS}):
		wrong.append(f"{rule}: no violator")

	print("\n".join(wrong) or f"{len(rules)} rules bite")
	return 1 if wrong else 0


if __name__ == "__main__":
	sys.exit(main(sys.argv[1]))
