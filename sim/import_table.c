// SPDX-License-Identifier: GPL-2.0-only
/*
 * import_table.c: the kernel's events, and what is learned from each.
 *
 * A new event, or another name of a field in another kernel, is a row here and nothing else. Names
 * of fields are those of the events' format files (trace.dat, "trace-cmd report -R", perf) and of
 * the words in their print formats; a probe has any name, and is known by the function it is on.
 * Sources: arch/x86/kvm/trace.h, arch/x86/kvm/mmu/mmutrace.h, include/trace/events/{kvm,page_ref,
 * kmem}.h of 6.1, 6.12 and 7.2; tools/record for the probes' arguments.
 */
#include <string.h>

#include "sim/import_internal.h"

#define INVALIDATE "kvm_mmu_notifier_invalidate_range_"

const struct import_row import_rows[] = {
	{ "kvm_page_fault", IMPORT_FAULT, false,
	  { "vcpu %vcpu rip %rip address %address error_code %error_code",
	    "address %address error_code %error_code" },	/* to 5.16 */
	  { "vcpu vcpu_id", "address:x fault_address", "error_code:x" }, .needed = 6 },
	{ "kvm_tdp_mmu_spte_changed", IMPORT_SPTE, false,
	  { "as id %as_id gfn %gfn level %level old_spte %old_spte new_spte %new_spte" },
	  { "as_id", "gfn:x", "level", "old_spte:x", "new_spte:x" }, .needed = 30 },
	{ "kvm_mmu_set_spte", IMPORT_SET_SPTE, false,
	  { "gfn %gfn spte %spte (%access) level %level at %at" },
	  { "gfn:x", "level", "spte:x" }, .needed = 7 },
	{ "kvm_unmap_hva_range", IMPORT_RANGE, false,
	  { "mmu notifier unmap range: %start -- %end" }, { "start:x", "end:x" }, .needed = 3 },
	{ INVALIDATE "start inv_start", IMPORT_INV_START, false, { NULL },
	  { "start:x", "end:x", "event" }, .needed = 3 },
	{ INVALIDATE "end inv_end", IMPORT_INV_END, false, { NULL },
	  { "start:x", "end:x" }, .needed = 3 },
	/* In 6.1 and 6.12 one calls the other: what is said twice is taken once. */
	{ "kvm_set_memory_region __kvm_set_memory_region set_region", IMPORT_MEMSLOT, false,
	  { NULL }, { "slot", "flags:x", "gpa:x guest_phys_addr:x", "size:x memory_size:x",
		      "hva:x userspace_addr:x", "kvm:x" }, .needed = 29 },
	{ "sys_enter_ioctl sys_ioctl", IMPORT_IOCTL, false,
	  { "fd: %fd, cmd: %cmd, arg: %arg" }, { "cmd:x" }, .needed = 1 },
	{ "kvm_pfn_to_refcounted_page refcounted", IMPORT_COUNT, true, { NULL },
	  { "ref", "page:x" }, .needed = 1 },
	{ "kvm_release_page_clean release_clean release_page", IMPORT_COUNT, false, { NULL },
	  { "ref", "page:x" }, .needed = 1 },
	{ "kvm_release_page_dirty release_dirty", IMPORT_COUNT, false, { NULL },
	  { "ref", "page:x" }, .needed = 1 },
	/* Not page_ref_set and _unfreeze, of who alone has the page. */
	{ "page_ref_mod page_ref_mod_and_test page_ref_mod_and_return page_ref_mod_unless",
	  IMPORT_PAGE_REF, false, { NULL }, { "pfn:x", "count", "val" }, .needed = 7 },
	{ "mm_page_alloc", IMPORT_ALLOC, false, { NULL }, { "pfn:x", "order" }, .needed = 3 },
	{ "mm_page_free", IMPORT_FREE, false, { NULL }, { "pfn:x", "order" }, .needed = 1 },
	{ "mm_page_free_batched", IMPORT_FREE, false, { NULL }, { "pfn:x" }, .needed = 1 },
	{ "kvm_userspace_exit", IMPORT_EXIT, false,
	  { "reason error (%errno)", "reason restart (%errno)", "reason %word (%reason)" },
	  { "errno", "reason" }, .needed = 0 },
	{ "kvm_exit", IMPORT_ISA, false, { NULL }, { "isa" }, .needed = 1, .or_nothing = true },
};
const size_t nr_import_rows = sizeof(import_rows) / sizeof(import_rows[0]);

static bool is_word_of(const char *words, const char *word, size_t length)
{
	while (*words) {
		size_t one = strcspn(words, " ");

		if (one == length && !strncmp(words, word, length))
			return true;
		words += one + (words[one] == ' ');
	}
	return false;
}

/* The function in "p_FUNCTION_0" and "FUNCTION__return", as ftrace and perf name probes. */
static const char *bare_name(const char *name, size_t *length, bool *at_return)
{
	static const char tail[] = "__return";
	size_t digits = *length;

	if (*length > strlen(tail) && !strncmp(name + *length - strlen(tail), tail, strlen(tail))) {
		*length -= strlen(tail);
		*at_return = true;
		return name;
	}
	while (digits && name[digits - 1] >= '0' && name[digits - 1] <= '9')
		digits--;
	if (digits < 4 || digits == *length || name[digits - 1] != '_' || name[1] != '_' ||
	    (*name != 'p' && *name != 'r'))
		return name;
	*at_return = *name == 'r';
	*length = digits - 3;
	return name + 2;
}

const struct import_row *import_row(const char *name, size_t length, const char *function,
				    bool at_return)
{
	for (size_t i = 0; i < nr_import_rows; i++)
		if (is_word_of(import_rows[i].names, name, length))
			return &import_rows[i];
	if (!function)
		function = bare_name(name, &length, &at_return);
	else
		length = strlen(function);
	for (size_t i = 0; i < nr_import_rows; i++)
		if (import_rows[i].at_return == at_return &&
		    is_word_of(import_rows[i].names, function, length))
			return &import_rows[i];
	return NULL;
}

bool import_key_is(const char *keys, const char *key, bool *hex)
{
	size_t length = strlen(key);

	while (*keys) {
		size_t one = strcspn(keys, " "), bare = strcspn(keys, " :");

		*hex = bare < one;
		if (bare == length && !strncmp(keys, key, length))
			return true;
		keys += one + (keys[one] == ' ');
	}
	return false;
}
