# SPDX-License-Identifier: GPL-2.0-only
"""fuzzing: random scripts, and what tools/lab/fuzz does with them."""
