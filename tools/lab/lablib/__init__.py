# SPDX-License-Identifier: GPL-2.0-only
"""lablib: the host side of the lab: fetching, building, booting, running, recording.

Only the programs of tools/lab print and exit; what goes wrong is a LabError.
"""
