#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""tally_is_honest.py TALLY: whatever goes wrong in a test program must turn the sum red."""

import json
import os
import subprocess
import sys
import tempfile

RUN_3 = "[==========] Running 3 test(s).\n[       OK ] a\n"
TWO_OK = RUN_3 + "[       OK ] b\n"
THREE_OK = TWO_OK + "[       OK ] c\n"
FAILED_1 = "[  FAILED  ] 1 test(s), listed below:\n[  FAILED  ] c\n"
SKIPPED_1 = "[  SKIPPED ] 1 test(s), listed below:\n[  SKIPPED ] c\n"

# name, results and outputs of the programs, further arguments, last line, exit code
CASES = [
	("all_passed", [("OK", THREE_OK, "")], [], "3 passed, 0 failed", 0),
	("script_counts_one", [("OK", "whatever", "")], [], "1 passed, 0 failed", 0),
	("programs_add_up", [("OK", "", ""), ("FAIL", "", "")], [], "1 passed, 1 failed", 1),
	("one_failed", [("FAIL", TWO_OK, FAILED_1)], [], "2 passed, 1 failed", 1),
	("one_skipped", [("OK", TWO_OK, SKIPPED_1)], [], "2 passed, 0 failed, 1 skipped", 0),
	("died_midway", [("FAIL", RUN_3, "")], [], "1 passed, 1 failed", 1),
	("timed_out", [("TIMEOUT", RUN_3, "")], [], "1 passed, 1 failed", 1),
	("leaked_at_exit", [("FAIL", THREE_OK, "")], [], "3 passed, 1 failed", 1),
	("fewer_than_announced", [("OK", TWO_OK, "")], [], "2 passed, 1 failed", 1),
	("only_skipped", [("SKIP", "", "")], [], "0 passed, 1 failed, 1 skipped", 1),
	("failure_hidden_by_verdict", [("OK", TWO_OK, FAILED_1)], [], "2 passed, 1 failed", 1),
	("no_test_at_all", [], [], "0 passed, 1 failed", 1),
	("broken_build", [("OK", "", "")], ["--broken=2"], "1 passed, 2 failed", 1),
]


def run(tally, folder, programs, arguments):
	log = os.path.join(folder, "testlog.json")
	with open(log, "w", encoding="utf-8") as out:
		for result, stdout, stderr in programs:
			entry = {"name": "t", "result": result, "stdout": stdout, "stderr": stderr}
			out.write(json.dumps(entry) + "\n")
	return subprocess.run([sys.executable, tally, *arguments, log],
			      stdout=subprocess.PIPE, text=True, check=False)


def main(tally):
	wrong = 0
	with tempfile.TemporaryDirectory() as folder:
		for name, programs, arguments, last_line, code in CASES:
			done = run(tally, folder, programs, arguments)
			got = (done.stdout.splitlines()[-1], done.returncode)
			if got != (last_line, code):
				print(f"{name}: expected {(last_line, code)}, got {got}")
				wrong += 1
	return 1 if wrong else 0


if __name__ == "__main__":
	sys.exit(main(sys.argv[1]))
