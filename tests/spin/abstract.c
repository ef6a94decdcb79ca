// SPDX-License-Identifier: GPL-2.0-only
/*
 * abstract: what explore sees in a scenario of test_spin.py, in the words of see.h.
 *
 *	abstract words TRACE VCPUS THREADS	each word that some state is, once; states on stderr
 *	abstract laws TRACE MUTANT		laws that a kernel of mutants.c breaks there, in some order
 *
 * Under v6.1, without reductions. The scenario: each of the first threads is a vCPU that stores
 * once, each of the others drops one page several times.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "model/sem.h"
#include "model/spte.h"
#include "model/tdp.h"
#include "sim/explore_internal.h"
#include "tests/mutants.h"

struct scenario {
	unsigned vcpus, threads, gfns;
	hva_t hva;
	gfn_t gfn;
};

struct word {
	char text[200];
	size_t length;
	pfn_t known[32];
	unsigned nr_known;
};

static void put(struct word *word, char c)
{
	word->text[word->length++] = c;
}

static void put_page(struct word *word, pfn_t pfn)
{
	unsigned i = 0;

	while (i < word->nr_known && word->known[i] != pfn)
		i++;
	if (pfn != NO_PFN && i == word->nr_known)
		word->known[word->nr_known++] = pfn;
	put(word, pfn == NO_PFN ? '-' : (char)('a' + i));
}

/* ---- tables ---- */

static pfn_t host_page(struct machine *m, hva_t hva)
{
	struct pt_leaf leaf = host_leaf(m, hva);

	return leaf.present ? host_leaf_pfn(&leaf, hva) : NO_PFN;
}

static pfn_t guest_page(struct machine *m, gfn_t gfn)
{
	pfn_t root = tdp_current_root(m);
	struct pt_leaf leaf;

	if (root == NO_PFN)
		return NO_PFN;
	leaf = tdp_walk(m, root, gfn);
	return spte_is_leaf(spte_format_of(m), leaf.entry, leaf.level) ? pt_pfn(leaf.entry) : NO_PFN;
}

static pfn_t cached_page(const struct vcpu *vcpu, gfn_t gfn)
{
	for (unsigned i = 0; i < TLB_ENTRIES; i++)
		if (vcpu->tlb.entry[i].level && vcpu->tlb.entry[i].gfn == gfn)
			return vcpu->tlb.entry[i].pfn;
	return NO_PFN;
}

/* ---- where a thread is ---- */

static const struct frame *frame_of(const struct task *t, enum path_id path)
{
	for (unsigned i = 0; i < t->depth; i++)
		if (t->frame[i].path == path)
			return &t->frame[i];
	return NULL;
}

/* Steps of a path that end a stretch, in their order: what is before or at one has its letter. */
struct stretch { const char *last; char letter; };

static unsigned step_index(const struct semantics *sem, unsigned path, const char *name)
{
	unsigned i = 0;

	while (sem->path[path][i].name && strcmp(sem->path[path][i].name, name))
		i++;
	return i;
}

static char letter_at(const struct machine *m, const struct frame *frame,
		      const struct stretch *stretch)
{
	while (stretch->last && frame->pc > step_index(m->sem, frame->path, stretch->last))
		stretch++;
	return stretch->letter;
}

static char vcpu_letter(const struct machine *m, const struct task *t)
{
	static const struct stretch fault[] = {
		{ "snapshot_seq", 'G' }, { "lock_mmu", 'L' }, { "check_stale", 'K' },
		{ "install_leaf", 'F' }, { "unlock_mmu", 'X' }, { "release_fault_page", 'U' },
		{ NULL, 'G' },
	};
	const struct frame *frame = frame_of(t, PATH_FAULT);
	char letter = frame ? letter_at(m, frame, fault) : 'G';

	if (letter == 'L' && t->refs)
		return 'P';
	if ((letter == 'F' || letter == 'X') && t->fault.ret == RET_PF_RETRY)
		return 'S';
	return letter;
}

static void put_vcpu(struct word *word, const struct explore *x, unsigned thread)
{
	const struct machine *m = &x->vm->m;
	const struct task *t = &m->w->task[thread];
	char letter = 'G';

	if (x->progress.runs[thread])
		letter = vcpu_letter(m, t);
	else if (x->progress.begun[thread])
		letter = 'D';
	put(word, ' ');
	put(word, letter);
	if (strchr("PKFSXU", letter))
		put_page(word, t->follow.got);
	if (strchr("LPK", letter))
		put(word, t->fault.mmu_seq == m->w->kvm.mmu_seq ? '=' : '!');
}

static char invalidator_letter(const struct machine *m, const struct task *t, bool *is_done)
{
	static const struct stretch start[] = {
		{ "notify_lock", '-' }, { "notify_count", 'a' }, { "notify_zap", 'b' },
		{ "notify_flush", 'c' }, { "notify_unlock", 'd' }, { NULL, 'e' },
	}, end[] = {
		{ "notify_end_lock", 'f' }, { "notify_raise_seq", 'g' }, { "notify_uncount", 'h' },
		{ "notify_end_unlock", 'i' }, { NULL, 'j' },
	}, around[] = {
		{ "begin_piece", '-' }, { "clear_ptes", 'e' }, { "end_piece", 'f' },
		{ "free_gathered", 'j' }, { NULL, '-' },
	};
	const struct frame *frame = frame_of(t, PATH_UNMAP);
	char letter;

	if (frame_of(t, PATH_NOTIFY_START))
		return letter_at(m, frame_of(t, PATH_NOTIFY_START), start);
	if (frame_of(t, PATH_NOTIFY_END))
		return letter_at(m, frame_of(t, PATH_NOTIFY_END), end);
	letter = frame ? letter_at(m, frame, around) : '-';
	*is_done = letter == '-' && t->range.at == t->range.end;
	return letter;
}

static void put_invalidator(struct word *word, const struct explore *x, unsigned thread)
{
	unsigned done = x->progress.begun[thread];
	bool is_done = true;
	char letter = '-';

	if (x->progress.runs[thread]) {
		is_done = false;
		letter = invalidator_letter(&x->vm->m, &x->vm->w.task[thread], &is_done);
		done -= !is_done;
	}
	word->length += sprintf(word->text + word->length, " %u%c", done, letter);
}

/* ---- a state ---- */

static void put_state(struct word *word, const struct explore *x, const struct scenario *s)
{
	struct machine *m = &x->vm->m;
	const struct kvm *kvm = &m->w->kvm;

	for (unsigned g = 0; g < s->gfns; g++) {
		put_page(word, host_page(m, s->hva + g * PAGE_SIZE));
		put_page(word, guest_page(m, s->gfn + g));
	}
	put(word, ' ');
	for (unsigned i = 0; i < s->vcpus; i++)
		put_page(word, cached_page(&m->w->vcpu[i], s->gfn + i % s->gfns));
	word->length += sprintf(word->text + word->length, " %d", kvm->in_progress);
	if (kvm->in_progress)
		word->length += sprintf(word->text + word->length, "[%u,%u)",
					(unsigned)((kvm->range_start - s->hva) / PAGE_SIZE),
					(unsigned)((kvm->range_end - s->hva) / PAGE_SIZE));
	for (unsigned i = 0; i < s->vcpus; i++)
		put_vcpu(word, x, i);
	for (unsigned j = 0; j < s->threads; j++)
		put_invalidator(word, x, s->vcpus + j);
}

static struct scenario scenario_of(const struct explore *x, unsigned vcpus, unsigned threads)
{
	const struct memslot *slot = x->vm->w.kvm.slots;

	while (!(slot->flags & KVM_MEMSLOT_USED) || !slot->npages)
		slot++;
	return (struct scenario){ vcpus, threads, slot->npages, slot->userspace_addr,
				  slot->base_gfn };
}

static struct explore *start(const char *path, const struct semantics_patch *patch,
			     struct trace *trace, u64 states)
{
	const struct explore_bound bound = { .states = states };
	struct error error = { .text = "" };
	struct explore *x = NULL;

	if (trace_load(path, trace, &error))
		x = explore_new(trace, patch, &bound, &error);
	if (!x) {
		fprintf(stderr, "%s:%u: %s\n", path, error.line, error.text);
		exit(2);
	}
	return x;
}

static void print_words(const char *path, unsigned vcpus, unsigned threads)
{
	struct { char *key; char value; } *words = NULL;
	struct error error = { .text = "" };
	struct trace trace;
	struct explore *x = start(path, &sem_v6_1, &trace, 0);
	struct scenario scenario = scenario_of(x, vcpus, threads);
	bool more;

	sh_new_arena(words);
	do {
		struct word word = { .length = 0 };

		more = explore_more(x, 1, &error);
		put_state(&word, x, &scenario);
		put(&word, '\0');
		shput(words, word.text, 1);
	} while (more);
	for (size_t i = 0; i < shlenu(words); i++)
		puts(words[i].key);
	fprintf(stderr, "%llu\n", (unsigned long long)explore_result(x)->states);
	shfree(words);
	explore_free(x);
	trace_free(&trace);
}

static void print_laws(const char *path, const struct semantics_patch *patch)
{
	struct error error = { .text = "" };
	struct trace trace;
	struct explore *x = start(path, patch, &trace, 50000);	/* some leaks have no end */
	const struct explored *r;

	while (explore_more(x, 1000, &error))
		;
	r = explore_result(x);
	for (size_t i = 0; i < r->nr_findings; i++)
		if (r->findings[i].kind == FOUND_VIOLATION)
			puts(r->findings[i].v.law->id);
	explore_free(x);
	trace_free(&trace);
}

/* The first of that name that 6.1 is the base of. */
static void print_laws_of(const char *path, const char *name)
{
	struct mutant_patch patch;
	char why[128];

	for (size_t i = 0; i < nr_mutants; i++)
		if (!strcmp(mutants[i].name, name) && mutants[i].base == &sem_v6_1 &&
		    mutant_build(&mutants[i], &patch, why, sizeof(why))) {
			print_laws(path, &patch.patch);
			return;
		}
	fprintf(stderr, "no mutant \"%s\" of v6.1\n", name);
	exit(2);
}

int main(int argc, char **argv)
{
	if (argc == 5 && !strcmp(argv[1], "words"))
		print_words(argv[2], atoi(argv[3]), atoi(argv[4]));
	else if (argc == 4 && !strcmp(argv[1], "laws") && !strcmp(argv[3], "-"))
		print_laws(argv[2], &sem_v6_1);
	else if (argc == 4 && !strcmp(argv[1], "laws"))
		print_laws_of(argv[2], argv[3]);
	else
		return 2;
	return 0;
}
