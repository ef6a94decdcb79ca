/* SPDX-License-Identifier: GPL-2.0-only */
/* frames.h: our own call chain: for a failed assertion, and on request. */
#pragma once

/* Takes --debug-frames out of the arguments; installs the SIGABRT handler. Returns the new argc. */
int frames_option(int argc, char **argv);
/* Print the caller's frames to stderr; says so if the build has no libunwind. */
void frames_print(void);
