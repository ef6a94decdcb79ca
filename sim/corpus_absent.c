/* SPDX-License-Identifier: GPL-2.0-only */
/* corpus_absent.c: bugs without a trace, because they are about what is not modelled. */
#include "sim/corpus.h"

const struct corpus_absent corpus_absent[] = {
	{ "B63", "A memslot that goes and zaps its own leaves alone broke assigned GPUs (2019)",
	  "the cause was never found: there is no event to write down" },
};

const size_t nr_corpus_absent = ARRAY_SIZE(corpus_absent);
