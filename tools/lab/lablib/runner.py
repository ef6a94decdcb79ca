# SPDX-License-Identifier: GPL-2.0-only
"""runner: scripts on prepared machines, several at a time; what died is run again alone,
talking.

Scripts of a batch share one guest, one after the other.  A guest that dies takes only its script
with it: that one runs once more by itself with its output on the console, so that its last words
are kept.
"""

import os
import queue
import threading
from dataclasses import dataclass

from . import recording
from .host import LabError
from .machine import Request

TALKING = ("SER=1",)


@dataclass(frozen=True)
class Place:
	"""A machine that is ready for one kernel in one configuration, and where recordings go."""

	machine: object
	prepared: object
	kernel: object
	config: object
	folder: str
	seconds: float = 60		# for one script


def batches(place, scripts, size):
	return [(place, scripts[start:start + size]) for start in range(0, len(scripts), size)]


def request(place, script, more=()):
	return Request(script.name, script.text, (*script.environ, *more), place.seconds)


def alone(place, script, first):
	"""Once more, with a console; @first: the Answer that failed."""
	with place.machine.open(place.prepared) as session:
		answer = session.run(request(place, script, TALKING))
	if not answer.failure and f"{script.name}.out" not in answer.files:
		return first
	return answer


def run_batch(place, scripts):
	"""Yield the Outcome of each script."""
	left = list(scripts)
	while left:
		with place.machine.open(place.prepared) as session:
			while left:
				script = left.pop(0)
				answer = session.run(request(place, script))
				if answer.failure:
					break
				yield recording.store(place.folder, place.kernel, place.config,
						      script, answer)
		if answer.failure:
			answer = alone(place, script, answer)
			yield recording.store(place.folder, place.kernel, place.config, script,
					      answer)


def outcomes(work, jobs):
	"""Yield (in the order in which they come) the Outcomes of @work, a list of batches()."""
	todo, come = queue.SimpleQueue(), queue.SimpleQueue()
	for batch in work:
		todo.put(batch)

	def worker():
		try:
			while True:
				place, scripts = todo.get_nowait()
				for outcome in run_or_say(place, scripts):
					come.put(outcome)
		except queue.Empty:
			pass
		finally:
			come.put(None)

	threads = [threading.Thread(target=worker, daemon=True) for _ in range(jobs)]
	for thread in threads:
		thread.start()
	for _ in threads:
		yield from iter(come.get, None)


def run_or_say(place, scripts):
	"""The batch's Outcomes; where the machine itself fails, one that says so for each left."""
	done = set()
	try:
		for outcome in run_batch(place, scripts):
			done.add(outcome.script)
			yield outcome
	except (LabError, OSError) as error:
		for script in scripts:
			if script.name not in done:
				yield recording.Outcome(os.path.basename(place.folder), script.name,
							f"not recorded: {error}", 0, 0)
