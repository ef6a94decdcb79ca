/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/event.h"

#include <stdlib.h>
#include <string.h>

#include "model/host_mm.h"
#include "model/memslot.h"
#include "sim/event_names.h"

/* ---- binding ---- */

struct binder {
	const struct ast_statement *statement;
	struct names *names;
	struct event *event;
	struct error *error;
	const struct event_kind *kind;
	const struct arg_row *row;
	const struct ast_value *value;
};

static bool wrong(struct binder *b, unsigned column, const char *format, const char *a,
		  const char *c)
{
	return error_at(b->error, b->statement->file, b->statement->line, column, format, a, c);
}

static uint64_t *slot_of(struct binder *b)
{
	return (uint64_t *)((char *)b->event + b->row->offset);
}

static bool expects(struct binder *b, const char *what)
{
	return wrong(b, b->value->column, "\"%s\" takes %s", b->row->key, what);
}

static const char *choices(const char *const *words, char *buffer, size_t size)
{
	buffer[0] = 0;
	for (size_t i = 0; words[i]; i++) {
		if (i)
			strncat(buffer, ", ", size - strlen(buffer) - 1);
		strncat(buffer, words[i], size - strlen(buffer) - 1);
	}
	return buffer;
}

static int word_index(const char *const *words, const char *word, size_t length)
{
	for (int i = 0; words[i]; i++)
		if (strlen(words[i]) == length && !strncmp(words[i], word, length))
			return i;
	return -1;
}

static bool bind_number(struct binder *b)
{
	uint64_t number = b->value->number;

	if (b->value->type != AST_INT)
		return expects(b, "a number");
	if (number < b->row->min || (b->row->max && number > b->row->max))
		return error_at(b->error, b->statement->file, b->statement->line, b->value->column,
				"\"%s\" is out of range: from %llu to %llu", b->row->key,
				(unsigned long long)b->row->min,
				(unsigned long long)(b->row->max ? b->row->max : UINT64_MAX));
	*slot_of(b) = number;
	return true;
}

static bool bind_address(struct binder *b)
{
	const struct region *region;

	if (b->value->type == AST_INT) {
		*slot_of(b) = b->value->number;
		return (uint64_t)b->value->number < (uint64_t)1 << 47 ||
		       expects(b, "a user address below 0x800000000000");
	}
	if (b->value->type != AST_NAME)
		return expects(b, "an address, or REGION+offset");
	region = find_region(b->names, b->value->name);
	if (!region)
		return wrong(b, b->value->column, "no region is called \"%s\"%s", b->value->name,
			     "");
	if (b->value->offset >= region->size)
		return wrong(b, b->value->column, "the offset lies outside region \"%s\"%s",
			     b->value->name, "");
	*slot_of(b) = region->base + b->value->offset;
	return true;
}

static bool bind_size(struct binder *b)
{
	uint64_t size = b->value->number;

	if (b->value->type != AST_INT || !size || size % 4096 || size > (uint64_t)1 << 46)
		return expects(b, "a number of bytes, a multiple of 4096 (8K, 2M ...)");
	*slot_of(b) = size;
	return true;
}

static bool bind_object(struct binder *b)
{
	int i;

	if (b->value->type != AST_NAME || b->value->has_offset)
		return expects(b, "the name of an object");
	i = find_object(b->names, b->value->name);
	if (i < 0)
		return wrong(b, b->value->column, "no object is called \"%s\"%s", b->value->name,
			     "");
	if (b->names->object[i].freed && b->event->id != EVENT_ZAP)
		return wrong(b, b->value->column, "the pages of \"%s\" have been freed%s",
			     b->value->name, "");
	*slot_of(b) = i;
	return true;
}

static bool bind_new_object(struct binder *b)
{
	int i;

	if (b->value->type != AST_NAME || b->value->has_offset)
		return expects(b, "a name for the object");
	i = find_object(b->names, b->value->name);
	if (i >= 0 && !b->names->object[i].freed)
		return wrong(b, b->value->column, "\"%s\" is allocated already%s", b->value->name,
			     "");
	if (i < 0 && b->names->nr_objects == MAX_OBJECTS)
		return wrong(b, b->value->column, "more than 8 objects%s%s", "", "");
	if (i < 0)
		i = b->names->nr_objects++;
	b->names->object[i] = (struct named_object){ .name = b->value->name };
	*slot_of(b) = i;
	return true;
}

static bool bind_file(struct binder *b)
{
	int i = b->value->type == AST_NAME && !b->value->has_offset ?
		find_file(b->names, b->value->name) : -1;

	if (i < 0)
		return expects(b, "the name of a file");
	*slot_of(b) = i;
	return true;
}

static bool bind_new_file(struct binder *b)
{
	if (b->value->type != AST_NAME || b->value->has_offset)
		return expects(b, "a name for the file");
	if (find_file(b->names, b->value->name) >= 0)
		return wrong(b, b->value->column, "\"%s\" is a file already%s", b->value->name, "");
	if (b->names->nr_files == MAX_FILES)
		return wrong(b, b->value->column, "too many files%s%s", "", "");
	b->names->file[b->names->nr_files] = b->value->name;
	*slot_of(b) = b->names->nr_files++;
	return true;
}

static bool bind_new_region(struct binder *b)
{
	if (b->value->type != AST_NAME || b->value->has_offset)
		return expects(b, "a name for the region");
	if (find_region(b->names, b->value->name))
		return wrong(b, b->value->column, "\"%s\" is a region already%s", b->value->name,
			     "");
	if (b->names->nr_regions == MAX_VMAS)
		return wrong(b, b->value->column, "too many regions%s%s", "", "");
	b->event->name = b->value->name;
	return true;
}

static bool bind_choice(struct binder *b)
{
	char buffer[160];
	int i = -1;

	if (b->value->type == AST_NAME && !b->value->has_offset)
		i = word_index(b->row->words, b->value->name, strlen(b->value->name));
	if (i < 0)
		return wrong(b, b->value->column, "\"%s\" is one of: %s", b->row->key,
			     choices(b->row->words, buffer, sizeof(buffer)));
	*slot_of(b) = b->row->values ? b->row->values[i] : (uint64_t)i;
	return true;
}

static bool bind_flags(struct binder *b)
{
	const char *at = b->value->name;
	uint64_t bits = 0;
	char buffer[160];

	if (b->value->type != AST_NAME || b->value->has_offset)
		return expects(b, "words joined by commas");
	while (strcmp(b->value->name, "none")) {
		size_t length = strcspn(at, ",");
		int i = word_index(b->row->words, at, length);

		if (i < 0)
			return wrong(b, b->value->column, "\"%s\" is made of: %s, or none",
				     b->row->key, choices(b->row->words, buffer, sizeof(buffer)));
		bits |= (uint64_t)1 << i;
		at += length;
		if (!*at++)
			break;
	}
	*slot_of(b) = bits;
	return true;
}

bool step_exists(const char *name)
{
	struct semantics *sem = malloc(sizeof(*sem));
	bool found = false;
	char why[64];

	if (!sem)
		abort();
	for (size_t s = 0; all_semantics[s / NR_MMU_KINDS] && !found; s++) {
		if (!semantics_resolve_mmu(all_semantics[s / NR_MMU_KINDS], s % NR_MMU_KINDS, sem,
					   why, sizeof(why)))
			break;
		for (unsigned p = 0; p < NR_PATHS; p++)
			for (const struct step *step = sem->path[p]; step->name; step++)
				found |= !strcmp(step->name, name);
	}
	free(sem);
	return found;
}

static bool bind_step(struct binder *b)
{
	if (b->value->type != AST_NAME)
		return expects(b, "the name of a step (pfnsim semantics --steps)");
	if (!step_exists(b->value->name))
		return wrong(b, b->value->column, "no semantics has a step \"%s\"%s",
			     b->value->name, " (pfnsim semantics --steps lists them)");
	*(const char **)slot_of(b) = b->value->name;
	return true;
}

static bool bind_label(struct binder *b)
{
	int i = b->value->type == AST_NAME ? find_label(b->names, b->value->name) : -1;

	if (i < 0)
		return expects(b, "the label of an event above");
	if (!b->names->unfinished[i])
		return wrong(b, b->value->column, "event \"%s\" did not stop anywhere%s",
			     b->value->name, "");
	*(const char **)slot_of(b) = b->value->name;
	return true;
}

static bool bind_delta(struct binder *b)
{
	if (b->value->type != AST_INT || b->value->number > INT32_MAX ||
	    b->value->number < INT32_MIN)
		return expects(b, "a signed 32-bit number");
	*slot_of(b) = b->value->number;
	return true;
}

static bool bind_value(struct binder *b)
{
	static bool (*const bind[])(struct binder *) = {
		[ARG_NUMBER] = bind_number, [ARG_DELTA] = bind_delta,
		[ARG_ADDRESS] = bind_address, [ARG_SIZE] = bind_size,
		[ARG_OBJECT] = bind_object, [ARG_NEW_OBJECT] = bind_new_object,
		[ARG_NEW_REGION] = bind_new_region,
		[ARG_FILE] = bind_file, [ARG_NEW_FILE] = bind_new_file, [ARG_CHOICE] = bind_choice,
		[ARG_FLAGS] = bind_flags, [ARG_STEP] = bind_step, [ARG_LABEL] = bind_label,
	};

	return bind[b->row->type](b);
}

static bool bind_args(struct binder *b)
{
	const struct ast_arg *args[MAX_ARGS];

	if (!event_args(b->statement, b->kind, args, b->error))
		return false;
	for (size_t i = 0; i < MAX_ARGS && b->kind->args[i].key; i++) {
		b->row = &b->kind->args[i];
		*slot_of(b) = b->row->preset;
		b->value = args[i] ? &args[i]->value : NULL;
		if (b->value && !bind_value(b))
			return false;
	}
	return true;
}

/* ---- what one event says to the next ---- */

/* A region that is unmapped as a whole leaves room for another; its name stays. */
static void settle_munmap(struct binder *b)
{
	const struct event *e = b->event;

	for (size_t i = 0; i < b->names->nr_regions; i++) {
		struct region *r = &b->names->region[i];

		if (e->hva <= r->base && r->base + r->size <= e->hva + e->size)
			r->gone = true;
	}
}

static bool settle_mmap(struct binder *b)
{
	struct event *e = b->event;
	struct names *names = b->names;

	if ((e->backing == VMA_DEVICE) != (e->object != NO_PFN))
		return wrong(b, b->statement->column,
			     "\"mmap\" of a device needs its object, other memory has none%s%s", "",
			     "");
	if ((e->backing == VMA_FILE) != (e->mapped_file != NO_PFN))
		return wrong(b, b->statement->column,
			     "\"mmap\" of a file needs file=, other memory has none%s%s", "", "");
	if (e->backing == VMA_FILE)
		e->object = e->mapped_file;
	if (e->is_private && e->backing != VMA_FILE)
		return wrong(b, b->statement->column, "private=1 is for files%s%s", "", "");
	if (e->hva == NO_PFN)
		e->hva = 0x10000000000 + names->nr_regions * 0x40000000;
	if (e->hva % 4096)
		return wrong(b, b->statement->column, "hva is not a multiple of 4096%s%s", "", "");
	if (e->hva + e->size > (uint64_t)1 << 47)
		return wrong(b, b->statement->column, "\"%s\" ends above 0x800000000000%s", e->name,
			     "");
	for (size_t i = 0; i < names->nr_regions; i++)
		if (!names->region[i].gone &&
		    e->hva < names->region[i].base + names->region[i].size &&
		    names->region[i].base < e->hva + e->size)
			return wrong(b, b->statement->column, "\"%s\" overlaps region \"%s\"",
				     e->name, names->region[i].name);
	names->region[names->nr_regions++] =
		(struct region){ .name = e->name, .base = e->hva, .size = e->size };
	return true;
}

/* What the script places itself: aligned like the allocator's, and nobody else's. */
static bool settle_pfn(struct binder *b, const struct named_object *o, bool separate)
{
	if (!separate && o->pfn & (o->pages - 1))
		return wrong(b, b->statement->column,
			     "a block's pfn is a multiple of its pages%s%s", "", "");
	for (size_t i = 0; i < b->names->nr_objects; i++) {
		const struct named_object *other = &b->names->object[i];

		if (other != o && !other->freed && other->pfn != NO_PFN &&
		    o->pfn < other->pfn + other->pages && other->pfn < o->pfn + o->pages)
			return wrong(b, b->statement->column, "\"%s\" and \"%s\" share a page",
				     o->name, other->name);
	}
	return true;
}

static bool settle_alloc(struct binder *b)
{
	const struct event *e = b->event;
	struct named_object *o = &b->names->object[e->object];
	bool separate = alloc_is_separate(e->kind);

	o->pages = separate ? e->count : (uint64_t)1 << e->order;
	o->pfn = e->pfn;
	if (separate ? e->order : e->count != 1)
		return wrong(b, b->statement->column, "%s%s",
			     separate ? "single pages take pages, not order" :
					"a block takes order, not pages", "");
	if (e->kind == ALLOC_MMIO && e->pfn == NO_PFN)
		return wrong(b, b->statement->column, "kind mmio needs its pfn%s%s", "", "");
	return e->pfn == NO_PFN || settle_pfn(b, o, separate);
}

static bool index_is_in(struct binder *b, uint64_t object, uint64_t index)
{
	const struct named_object *o = &b->names->object[object];

	return index < o->pages ||
	       wrong(b, b->statement->column, "\"%s\" has no page with that index%s", o->name, "");
}

/* Shared anonymous memory, a file without a name: three pages of a TSS, else one. */
static bool settle_internal_slot(struct binder *b)
{
	struct event *e = b->event;

	if (b->names->nr_files == MAX_FILES)
		return wrong(b, b->statement->column, "too many files%s%s", "", "");
	if (e->gpa % 4096)
		return wrong(b, b->statement->column, "gpa is not a multiple of 4096%s%s", "", "");
	b->names->file[b->names->nr_files] = "";
	e->object = NO_PFN;
	e->mapped_file = b->names->nr_files++;
	e->size = (e->slot == KVM_USER_MEM_SLOTS ? 3 : 1) << PAGE_SHIFT;
	e->hva = NO_PFN;
	e->backing = VMA_FILE;
	return settle_mmap(b);
}

static bool settle(struct binder *b)
{
	struct event *e = b->event;
	struct names *names = b->names;

	switch (e->id) {
	case EVENT_ALLOC:
		return settle_alloc(b);
	case EVENT_FREE:
		names->object[e->object].freed = true;
		return true;
	case EVENT_REF:
		return index_is_in(b, e->object, e->index);
	case EVENT_REPOINT:
		return index_is_in(b, e->object, e->index) &&
		       index_is_in(b, e->other, e->other_index);
	case EVENT_MMAP:
		return settle_mmap(b);
	case EVENT_INTERNAL_SLOT:
		return settle_internal_slot(b);
	case EVENT_MUNMAP:
		settle_munmap(b);
		return true;
	case EVENT_HUGEPAGES:
		return e->size == BIT(21) || e->size == BIT(30) ||
		       wrong(b, b->statement->column, "pages of hugetlb are 2M or 1G%s%s", "", "");
	case EVENT_FILE_WRITE:
		return e->offset % 4 == 0 ||
		       wrong(b, b->statement->column, "offset is not a multiple of 4%s%s", "", "");
	case EVENT_KVM_READ:
	case EVENT_KVM_WRITE:
	case EVENT_HVA_CACHE:
		return e->gpa % 4096 <= 4092 ||
		       wrong(b, b->statement->column, "the bytes lie in two pages%s%s", "", "");
	case EVENT_STEAL_TIME:
	case EVENT_STEAL_PREEMPTED:
		return e->gpa % 64 == 0 ||
		       wrong(b, b->statement->column, "gpa is not a multiple of 64%s%s", "", "");
	case EVENT_MEMSLOT:
		if (e->gpa % 4096 || e->hva % 4096)
			return wrong(b, b->statement->column,
				     "gpa and hva of a memslot are multiples of 4096%s%s", "", "");
		return true;
	default:
		return true;
	}
}

static bool keep_label(struct binder *b)
{
	struct names *names = b->names;
	const char *label = b->statement->label;

	/* With a label it may have to wait once more, and go on once more. */
	if (b->event->id == EVENT_RESUME && !b->event->until && !label)
		names->unfinished[find_label(names, b->event->name)] = false;
	if (!label)
		return !b->event->until || b->event->id == EVENT_RESUME ||
		       wrong(b, b->statement->column, "an event with until= needs a label%s%s", "",
			     "");
	if (names_has_label(names, label))
		return wrong(b, b->statement->column, "label \"%s\" is taken%s", label, "");
	names->label = realloc(names->label, (names->nr_labels + 1) * sizeof(*names->label));
	names->unfinished = realloc(names->unfinished, names->nr_labels + 1);
	if (!names->label || !names->unfinished)
		abort();
	names->unfinished[names->nr_labels] = true;	/* it may have to wait for a lock */
	names->label[names->nr_labels++] = label;
	return true;
}

bool event_bind(const struct ast_statement *statement, struct names *names, struct event *event,
		struct error *error)
{
	struct binder b = { .statement = statement, .names = names, .event = event, .error = error,
			    .kind = event_kind_of(statement, error) };

	if (!b.kind)
		return false;
	*event = (struct event){ .id = b.kind->id, .file = statement->file,
				 .line = statement->line, .column = statement->column,
				 .label = statement->label, .op = b.kind->name };
	return bind_args(&b) && settle(&b) && keep_label(&b);
}
