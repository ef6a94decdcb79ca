# SPDX-License-Identifier: GPL-2.0-only
"""qmp: QEMU's monitor, over one end of a pair of sockets whose other end QEMU inherits."""

import json
import time

from .host import LabError


class Monitor:
	def __init__(self, socket, seconds):
		socket.settimeout(seconds)
		self.lines = socket.makefile("rw", encoding="utf-8")
		self.receive()				# the greeting
		self.command("qmp_capabilities")

	def receive(self):
		try:
			line = self.lines.readline()
		except OSError as error:
			raise LabError(f"QEMU's monitor: {error}") from error
		if not line:
			raise LabError("QEMU ended")
		return json.loads(line)

	def command(self, name, **arguments):
		try:
			json.dump({"execute": name, "arguments": arguments}, self.lines)
			self.lines.write("\n")
			self.lines.flush()
		except OSError as error:
			raise LabError("QEMU ended") from error
		while True:				# events come in between
			answer = self.receive()
			if "error" in answer:
				raise LabError(f"QEMU: {name}: {answer['error']['desc']}")
			if "return" in answer:
				return answer["return"]

	def leave_out_memory(self):
		"""The guest's memory is in files already: a snapshot needs the devices only."""
		self.command("migrate-set-capabilities", capabilities=[
			{"capability": "x-ignore-shared", "state": True}])

	def save(self, path):
		self.leave_out_memory()
		self.command("stop")
		self.command("migrate", uri=f"file:{path}")
		self.wait_for("query-migrate", ("completed",), ("failed", "cancelled"))

	def load(self, path):
		self.leave_out_memory()
		self.command("migrate-incoming", uri=f"file:{path}")
		self.wait_for("query-status", ("paused",), ("internal-error", "shutdown"))

	def wait_for(self, query, good, bad):
		while True:
			status = self.command(query).get("status", "")
			if status in good:
				return
			if status in bad:
				raise LabError(f"QEMU: {query} says {status}")
			time.sleep(0.005)
