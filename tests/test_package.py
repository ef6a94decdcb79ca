#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""test_package.py: a tarball of "meson dist" builds and passes from itself; as a subproject, too.

Of a commit: what is changed and not committed is not in it. Takes minutes.
"""

import glob
import os
import shutil
import subprocess
import tempfile
import unittest

SOURCE = os.environ["PFNSIM_SOURCE"]
QUICK = ["test_page", "test_traces", "test_library", "cli", "completion"]


def run(*command, **options):
	environment = {key: value for key, value in os.environ.items()
		       if not key.startswith("PFNSIM") and key != "LD_LIBRARY_PATH"}
	done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
			      env=environment, check=False, **options)
	if done.returncode:
		raise AssertionError(f"{' '.join(command)}: {done.returncode}\n{done.stdout}")
	return done.stdout


@unittest.skipUnless(os.path.exists(os.path.join(SOURCE, ".git")), "not a checkout")
class Package(unittest.TestCase):
	@classmethod
	def setUpClass(cls):
		cls.folder = tempfile.mkdtemp()
		cls.addClassCleanup(shutil.rmtree, cls.folder)
		clone, build = (os.path.join(cls.folder, name) for name in ("clone", "build"))
		run("git", "clone", "-q", SOURCE, clone)
		run("meson", "setup", build, clone, "-Dtests=disabled")
		run("meson", "dist", "-C", build, "--no-tests")
		tarball, = glob.glob(os.path.join(build, "meson-dist", "*.tar.xz"))
		run("tar", "-xf", tarball, "-C", cls.folder)
		cls.tree, = glob.glob(os.path.join(cls.folder, "pfnsim-*"))

	def test_tarball_builds_and_passes(self):
		build = os.path.join(self.folder, "from-tarball")
		run("meson", "setup", build, self.tree, "-Dtests=enabled", "-Dwerror=true")
		run("ninja", "-C", build)
		run("meson", "test", "-C", build, "--no-rebuild", *QUICK)
		run("meson", "install", "-C", build, "--no-rebuild", "--destdir",
		    os.path.join(self.folder, "root"))

	def test_example_has_it_as_a_subproject(self):
		for kind in "shared", "static":
			with self.subTest(kind):
				self.build_example(kind)

	def build_example(self, kind):
		project = os.path.join(self.folder, kind)
		build = os.path.join(project, "build")
		shutil.copytree(os.path.join(self.tree, "docs", "examples"), project)
		os.mkdir(os.path.join(project, "subprojects"))
		os.symlink(self.tree, os.path.join(project, "subprojects", "pfnsim"))
		run("meson", "setup", build, project, "--wrap-mode=forcefallback",
		    f"-Dpfnsim:default_library={kind}")
		run("ninja", "-C", build, "driver_test")
		said = run("meson", "test", "-C", build, "--no-rebuild", "-v", "driver_test")
		self.assertIn("split under v7.2: mapped", said)


if __name__ == "__main__":
	unittest.main()
