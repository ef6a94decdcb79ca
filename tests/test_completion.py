#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""test_completion.py: what bash completes, by tools/completion/pfnsim."""

import os
import shutil
import subprocess
import unittest

PFNSIM = os.environ["PFNSIM"]
SCRIPT = os.path.join(os.environ["PFNSIM_SOURCE"], "tools", "completion", "pfnsim")
ASK = """. "$1"; shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_pfnsim
printf '%s\\n' "${COMPREPLY[@]}"
"""


@unittest.skipUnless(shutil.which("bash"), "no bash")
class Completion(unittest.TestCase):
	def ask(self, *words):
		done = subprocess.run(["bash", "-c", ASK, "bash", SCRIPT, PFNSIM, *words],
				      stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
				      check=False)
		return done.stdout.split()

	def test_of_commands(self):
		self.assertEqual({"reduce", "replay", "report", "review"}, set(self.ask("re")))
		self.assertEqual(["corpus"], self.ask("cor"))
		self.assertEqual([], self.ask("nothing"))

	def test_of_a_commands_own_options(self):
		self.assertEqual(["--stage2"], self.ask("replay", "--st"))
		self.assertIn("--compare", self.ask("report", "--"))
		self.assertNotIn("--compare", self.ask("replay", "--"))

	def test_of_the_last_semantics_in_a_list(self):
		self.assertEqual(["v6.8,v7.2"], self.ask("replay", "-s", "v6.8,v7"))
		self.assertEqual({"v6.1", "v6.12"},
				 set(self.ask("report", "--semantics", "=", "v6.1")))
		self.assertIn("policy", self.ask("replay", "-s", ""))


if __name__ == "__main__":
	unittest.main()
