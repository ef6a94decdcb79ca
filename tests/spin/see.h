/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * see.h: what explore and fault.pml have in common of a state, as a word; and the set of words
 * that were seen, which goes to the file that $SEEN names.
 *
 * A word has, for each gfn, the host's PTE and the SPTE; for each vCPU its TLB; the notifier's count
 * and range; for each vCPU where it is, its page, and whether the sequence is still what it was; for
 * each invalidator how many rounds are done and where it is. Pages are a, b, ... as they come up.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char **seen_words;
static size_t seen_size, seen_nr;

static size_t seen_hash(const char *word)
{
	size_t h = 5381;

	while (*word)
		h = h * 33 + (unsigned char)*word++;
	return h * 0x9e3779b97f4a7c15ull >> 20;
}

static void seen_put(char *word)
{
	size_t at = seen_hash(word) & (seen_size - 1);

	while (seen_words[at] && strcmp(seen_words[at], word))
		at = (at + 1) & (seen_size - 1);
	if (seen_words[at]) {
		free(word);
		return;
	}
	seen_words[at] = word;
	seen_nr++;
}

static void seen_write(void)
{
	FILE *file = fopen(getenv("SEEN"), "w");

	for (size_t i = 0; file && i < seen_size; i++)
		if (seen_words[i])
			fprintf(file, "%s\n", seen_words[i]);
	if (!file || fclose(file))
		perror(getenv("SEEN"));
}

static void seen_add(const char *word)
{
	if (!seen_size)
		atexit(seen_write);
	if (2 * seen_nr >= seen_size) {
		char **old = seen_words;
		size_t size = seen_size;

		seen_size = size ? 2 * size : 1024;
		seen_words = calloc(seen_size, sizeof(*seen_words));
		seen_nr = 0;
		for (size_t i = 0; i < size; i++)
			if (old[i])
				seen_put(old[i]);
		free(old);
	}
	seen_put(strdup(word));
}

/* A page's letter, by when it first came up in this word. */
static char page_letter(int page, int *known, int *nr)
{
	if (!page)
		return '-';
	for (int i = 0; i < *nr; i++)
		if (known[i] == page)
			return 'a' + i;
	known[*nr] = page;
	return 'a' + (*nr)++;
}

static void see(const State *s)
{
	char word[200], *w = word;
	int known[GFNS + VCPUS + THREADS + 1], nr = 0;

	for (int g = 0; g < GFNS; g++) {
		*w++ = page_letter(s->pte[g], known, &nr);
		*w++ = page_letter(s->spte[g], known, &nr);
	}
	*w++ = ' ';
	for (int i = 0; i < VCPUS; i++)
		*w++ = page_letter(s->tlb[i], known, &nr);
	w += sprintf(w, " %d", s->count);
	if (s->count)
		w += sprintf(w, "[%d,%d)", s->lo, s->hi);
	for (int i = 0; i < VCPUS; i++) {
		char at = s->at_vcpu[i] ? s->at_vcpu[i] : 'G';

		*w++ = ' ';
		*w++ = at;
		if (strchr("PKFSXU", at))
			*w++ = page_letter(s->held[i], known, &nr);
		if (strchr("LPK", at))
			*w++ = s->seq_then[i] == s->seq ? '=' : '!';
	}
	for (int j = 0; j < THREADS; j++)
		w += sprintf(w, " %d%c", s->done[j], s->at_inv[j] ? s->at_inv[j] : '-');
	*w = 0;
	seen_add(word);
}
