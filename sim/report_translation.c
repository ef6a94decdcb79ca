/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/report_translation.h"

#include <stdlib.h>
#include <string.h>

#include "model/semantics.h"
#include "model/spte.h"
#include "sim/replay.h"

typedef unsigned long long llu;

static const char *const access_words[] = { "read", "write", "fetch" };

/* ---- in words ---- */

static const char *range_text(u64 first, u64 pages, char *text, size_t size)
{
	if (pages == 1)
		snprintf(text, size, "0x%llx", (llu)first);
	else
		snprintf(text, size, "0x%llx..0x%llx", (llu)first, (llu)(first + pages - 1));
	return text;
}

static bool is_shadow(const struct vm *vm)
{
	return vm->w.config.mmu == MMU_SHADOW;
}

/* What a guest's access ends with, if no TLB answers it. */
static const char *hardware_text(const struct vm *vm, const struct walk *w, char *text, size_t size)
{
	bool ept = vm->w.config.ept && !is_shadow(vm);

	if (w->result == WALK_OK)
		snprintf(text, size, "ok");
	else if (ept && w->result == WALK_MISCONFIG)
		snprintf(text, size, "EPT misconfiguration");
	else if (ept)
		snprintf(text, size, "EPT violation, qualification 0x%llx", (llu)w->qualification);
	else
		snprintf(text, size, "%s, error code 0x%llx", is_shadow(vm) ? "#PF" : "#NPF",
			 (llu)w->qualification);
	return text;
}

static const char *mmu_word(const struct vm *vm)
{
	static const char *const words[] = { "TDP MMU", "rmap MMU", "shadow paging" };

	return words[vm->w.config.mmu];
}

/* ---- text ---- */

void report_moment(const struct trace *trace, const struct moment *moment, FILE *out)
{
	const struct vm *vm = moment->vm;
	const struct event *e = moment->event ? &trace->events[moment->event - 1] : NULL;
	char *text = e ? trace_event_text(e, trace->names) : NULL;
	char *recorded = e ? replay_recorded(trace, moment->event - 1) : NULL;

	fprintf(out, "under %s, ", vm->sem.name);
	if (!moment->reached)
		fprintf(out, moment->died ? "the host died, " : "there is no VM, ");
	if (e)
		fprintf(out, "after event %u, %s:%u: %s%s%s => %s%s%s\n", e->number, e->file,
			e->line, e->label ? e->label : "", e->label ? ": " : "", text,
			moment->outcome.word, recorded ? "; recorded: " : "",
			recorded ? recorded : "");
	free(recorded);
	free(text);
}

static void print_entries(const struct table_entry *entries, size_t nr, const char *what, FILE *out)
{
	char range[64];

	for (size_t i = 0; i < nr; i++) {
		const struct table_entry *e = &entries[i];

		fprintf(out, "  level %u [%3u] %s %-28s 0x%016llx", e->level, e->index, what,
			range_text(e->first, e->pages, range, sizeof(range)), (llu)e->entry);
		if (e->kind == ENTRY_TABLE || e->kind == ENTRY_LEAF)
			fprintf(out, " %s 0x%llx", e->kind == ENTRY_LEAF ? "pfn" : "table",
				(llu)pt_pfn(e->entry));
		fprintf(out, ": %s\n", e->words);
	}
}

static void print_roots(const struct vm *vm, const struct translation *t, FILE *out)
{
	char text[64];

	fprintf(out, "stage 2: %s, %s%s\n", mmu_word(vm), is_shadow(vm) ? "entries as of " : "",
		spte_format_of(&vm->m)->name);
	if (!t->has_root)
		fprintf(out, "  no vCPU has a root that new faults would use\n");
	for (size_t i = 0; i < t->nr_roots; i++) {
		const struct root_walk *w = &t->roots[i];

		fprintf(out, "  root 0x%llx%s", (llu)w->root, w->is_current ? "" : ", obsolete");
		for (unsigned v = 0; v < MAX_VCPUS; v++)
			if (w->vcpus >> v & 1)
				fprintf(out, ", vCPU %u", v);
		fprintf(out, "\n");
		print_entries(w->entries, w->nr, "gfn", out);
	}
	for (size_t i = 0; t->has_root && i < ARRAY_SIZE(access_words); i++)
		fprintf(out, "%s %s: %s", i ? "," : "  hardware:", access_words[i],
			hardware_text(vm, &t->hardware[i], text, sizeof(text)));
	if (t->has_root)
		fprintf(out, "\n");
}

static void print_page(const struct translation *t, FILE *out)
{
	char words[ENTRY_WORDS_SIZE];
	bool held = false;

	if (t->pfn == NO_PFN) {
		fprintf(out, "page: none\n");
		return;
	}
	page_flag_words(t->page.flags, words);
	fprintf(out, "page: pfn 0x%llx, ", (llu)t->pfn);
	if (!(t->page.flags & PG_VALID)) {
		fprintf(out, "without struct page: %s\n", words);
		return;
	}
	fprintf(out, "refcount %d, mapcount %d, owner %s: %s\n", t->page.refcount,
		t->page.mapcount, owner_word(t->page.owner), words);
	if (t->page.head != t->pfn) {
		page_flag_words(t->head.flags, words);
		fprintf(out, "  head: pfn 0x%llx, order %u, refcount %d: %s\n", (llu)t->page.head,
			t->head.order, t->head.refcount, words);
	}
	fprintf(out, "  held by:");
	for (unsigned h = 0; h < NR_HOLDERS; h++)
		if (t->head.held[h]) {
			fprintf(out, " %s %d", holder_word(h), t->head.held[h]);
			held = true;
		}
	fprintf(out, "%s\n", held ? "" : " nobody");
	fprintf(out, "  begin of %u 4K, %u 2M, %u 1G stage-2 leaves; of %u host PTEs\n",
		t->page.sptes[0], t->page.sptes[1], t->page.sptes[2], t->page.ptes);
}

static const char *backing_text(const struct trace *trace, const struct vma *vma, char *text,
				size_t size)
{
	static const char *const kinds[] = { "anonymous", "device", "file", "hugetlb" };
	const char *name = vma->kind == VMA_DEVICE ? names_of_object(trace->names, vma->object) :
			   vma->kind == VMA_FILE ? names_of_file(trace->names, vma->object) : "";

	snprintf(text, size, "%s%s%s", kinds[vma->kind], name[0] ? " " : "", name);
	return text;
}

static void print_host(const struct trace *trace, const struct translation *t, FILE *out)
{
	char words[ENTRY_WORDS_SIZE], backing[100];

	if (t->slot == NO_SLOT) {
		fprintf(out, "memslot: none, so MMIO\n");
		return;
	}
	memslot_flag_words(t->memslot.flags, words);
	fprintf(out, "memslot %d: gfn 0x%llx..0x%llx at hva 0x%llx%s%s%s\n", t->memslot.id,
		(llu)t->memslot.base_gfn, (llu)(t->memslot.base_gfn + t->memslot.npages - 1),
		(llu)t->memslot.userspace_addr, *words ? ": " : "", words,
		t->is_private ? "; the gfn is private" : "");
	fprintf(out, "hva 0x%llx: ", (llu)(t->hva | (t->gpa & ~PAGE_MASK)));
	if (t->has_vma) {
		vma_flag_words(t->vma.flags, words);
		fprintf(out, "VMA 0x%llx..0x%llx, %s", (llu)t->vma.start, (llu)t->vma.end,
			backing_text(trace, &t->vma, backing, sizeof(backing)));
		if (t->vma.kind != VMA_ANON)	/* whose index is that of its address */
			fprintf(out, ", page %llu of it", (llu)(t->vma.index +
				((t->hva - t->vma.start) >> PAGE_SHIFT)));
		fprintf(out, ": %s\n", words);
	} else {
		fprintf(out, "no VMA\n");
	}
	print_entries(t->host, t->nr_host, "page", out);
}

static void print_tlbs(const struct translation *t, FILE *out)
{
	for (size_t i = 0; i < t->nr_tlbs; i++) {
		const struct tlb_entry *e = &t->tlbs[i].entry;
		char range[64];

		fprintf(out, "TLB of vCPU %u: gfn %s is pfn 0x%llx, level %u: R%s%s%s\n",
			t->tlbs[i].vcpu,
			range_text(e->gfn, level_pages(e->level), range, sizeof(range)),
			(llu)e->pfn, e->level, e->writable ? " W" : "", e->executable ? " X" : "",
			e->dirty ? " D" : "");
	}
	if (!t->nr_tlbs)
		fprintf(out, "TLBs: none has it\n");
}

void report_translation(const struct trace *trace, const struct vm *vm,
			const struct translation *t, FILE *out)
{
	fprintf(out, "gpa 0x%llx, gfn 0x%llx\n", (llu)t->gpa, (llu)t->gfn);
	print_roots(vm, t, out);
	print_page(t, out);
	print_host(trace, t, out);
	print_tlbs(t, out);
}

size_t report_leaves(struct vm *vm, FILE *out)
{
	struct table_entry leaf;
	size_t nr = 0;

	for (gfn_t gfn = 0; next_leaf(vm, gfn, &leaf); gfn = leaf.first + leaf.pages, nr++)
		print_entries(&leaf, 1, "gfn", out);
	if (!nr)
		fprintf(out, "  no leaf\n");
	return nr;
}

/* ---- JSON ---- */

static void open_line(struct json *json, const char *path, const struct vm *vm, const char *type)
{
	json_object_begin(json);
	json_number_at(json, "schema", 1);
	json_string_at(json, "type", type);
	json_string_at(json, "trace", path);
	json_string_at(json, "semantics", vm->sem.name);
}

static void close_line(struct json *json)
{
	json_object_end(json);
	json_line_end(json);
}

/* As hexadecimal text: bit 63 is in use, and most readers lose digits of such numbers. */
static void put_hex(struct json *json, const char *key, u64 value)
{
	char text[32];

	snprintf(text, sizeof(text), "0x%llx", (llu)value);
	json_string_at(json, key, text);
}

static void put_entry(struct json *json, const struct table_entry *e)
{
	bool has_pfn = e->kind == ENTRY_TABLE || e->kind == ENTRY_LEAF;

	json_number_at(json, "level", e->level);
	json_number_at(json, "index", e->index);
	json_number_at(json, "first", e->first);
	json_number_at(json, "pages", e->pages);
	put_hex(json, "entry", e->entry);
	json_string_at(json, "kind", entry_kind_word(e->kind));
	if (has_pfn)
		json_number_at(json, "pfn", pt_pfn(e->entry));
	else
		json_string_at(json, "pfn", NULL);
	json_string_at(json, "bits", e->words);
}

static void put_entries(struct json *json, const char *path, const struct vm *vm,
			const struct translation *t)
{
	for (size_t i = 0; i < t->nr_roots; i++)
		for (unsigned k = 0; k < t->roots[i].nr; k++) {
			open_line(json, path, vm, "entry");
			json_string_at(json, "tables", "stage2");
			json_number_at(json, "root", t->roots[i].root);
			json_bool_at(json, "current", t->roots[i].is_current);
			put_entry(json, &t->roots[i].entries[k]);
			close_line(json);
		}
	for (unsigned k = 0; k < t->nr_host; k++) {
		open_line(json, path, vm, "entry");
		json_string_at(json, "tables", "host");
		put_entry(json, &t->host[k]);
		close_line(json);
	}
}

static void put_page(struct json *json, const char *path, const struct vm *vm,
		     const struct translation *t)
{
	char words[ENTRY_WORDS_SIZE];

	if (t->pfn == NO_PFN)
		return;
	page_flag_words(t->page.flags, words);
	open_line(json, path, vm, "page");
	json_number_at(json, "pfn", t->pfn);
	json_number_at(json, "refcount", t->page.refcount);
	json_number_at(json, "mapcount", t->page.mapcount);
	json_string_at(json, "owner", owner_word(t->page.owner));
	json_string_at(json, "flags", words);
	json_number_at(json, "head", t->page.head);
	json_number_at(json, "head_refcount", t->head.refcount);
	json_key(json, "held");
	json_object_begin(json);
	for (unsigned h = 0; h < NR_HOLDERS; h++)
		if (t->head.held[h])
			json_number_at(json, holder_word(h), t->head.held[h]);
	json_object_end(json);
	close_line(json);
}

static void put_host(struct json *json, const char *path, const struct trace *trace,
		     const struct vm *vm, const struct translation *t)
{
	char words[ENTRY_WORDS_SIZE], backing[100];

	if (t->slot == NO_SLOT)
		return;
	memslot_flag_words(t->memslot.flags, words);
	open_line(json, path, vm, "memslot");
	json_number_at(json, "id", t->memslot.id);
	json_number_at(json, "gfn", t->memslot.base_gfn);
	json_number_at(json, "pages", t->memslot.npages);
	json_number_at(json, "hva", t->memslot.userspace_addr);
	json_string_at(json, "flags", words);
	json_bool_at(json, "private", t->is_private);
	close_line(json);
	if (!t->has_vma)
		return;
	vma_flag_words(t->vma.flags, words);
	open_line(json, path, vm, "vma");
	json_number_at(json, "start", t->vma.start);
	json_number_at(json, "end", t->vma.end);
	json_number_at(json, "hva", t->hva);
	json_string_at(json, "backing", backing_text(trace, &t->vma, backing, sizeof(backing)));
	json_string_at(json, "flags", words);
	close_line(json);
}

static void put_tlbs(struct json *json, const char *path, const struct vm *vm,
		     const struct translation *t)
{
	for (size_t i = 0; i < t->nr_tlbs; i++) {
		const struct tlb_entry *e = &t->tlbs[i].entry;

		open_line(json, path, vm, "tlb");
		json_number_at(json, "vcpu", t->tlbs[i].vcpu);
		json_number_at(json, "gfn", e->gfn);
		json_number_at(json, "pfn", e->pfn);
		json_number_at(json, "level", e->level);
		json_bool_at(json, "writable", e->writable);
		json_bool_at(json, "executable", e->executable);
		json_bool_at(json, "dirty", e->dirty);
		close_line(json);
	}
}

static void put_walk(struct json *json, const char *path, const struct trace *trace,
		     const struct moment *moment, const struct translation *t)
{
	char *recorded = moment->event ? replay_recorded(trace, moment->event - 1) : NULL;
	char text[64];

	open_line(json, path, moment->vm, "walk");
	json_number_at(json, "event", moment->event);
	json_bool_at(json, "reached", moment->reached);
	json_string_at(json, "recorded", recorded);
	free(recorded);
	json_number_at(json, "gpa", t->gpa);
	json_string_at(json, "format", spte_format_of(&moment->vm->m)->name);
	for (size_t i = 0; i < ARRAY_SIZE(access_words); i++)
		json_string_at(json, access_words[i], !t->has_root ? NULL :
			       hardware_text(moment->vm, &t->hardware[i], text, sizeof(text)));
	close_line(json);
}

void report_translation_json(const char *path, const struct trace *trace,
			     const struct moment *moment, const struct translation *t,
			     struct json *json)
{
	put_walk(json, path, trace, moment, t);
	put_entries(json, path, moment->vm, t);
	put_page(json, path, moment->vm, t);
	put_host(json, path, trace, moment->vm, t);
	put_tlbs(json, path, moment->vm, t);
}

size_t report_leaves_json(const char *path, const struct moment *moment, struct json *json)
{
	struct table_entry leaf;
	size_t nr = 0;

	for (gfn_t gfn = 0; next_leaf(moment->vm, gfn, &leaf); gfn = leaf.first + leaf.pages) {
		open_line(json, path, moment->vm, "leaf");
		json_number_at(json, "event", moment->event);
		put_entry(json, &leaf);
		close_line(json);
		nr++;
	}
	return nr;
}
