# SPDX-License-Identifier: GPL-2.0-only
"""racing: a scenario's threads in chosen orders on a real kernel, beside what was explored."""
