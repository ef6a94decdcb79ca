/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_dax_layout.c: blocks of a file that is mapped without a page cache are taken away.
 *
 * Linux: fs/dax.c:dax_layout_busy_page(), dax_busy_page(), fs/ext4/inode.c:ext4_break_layouts(),
 * ext4_setattr(), ext4_punch_hole(), 5.12 to 7.2. All of the file is unmapped, whoever maps it is
 * notified, and then nobody but the file may have a reference: a page that is pinned, or held by
 * KVM, is waited for, without invalidate_lock, and then all is unmapped once more. Nobody faults
 * while the lock is held.
 */
#include "model/machine.h"
#include "model/pagecache.h"
#include "model/path.h"
#include "model/path_file.h"

bool resizes_dax(const struct machine *m, const struct task *t)
{
	return !t->file.error && !t->file.hva && m->w->file[t->file.file].used &&
	       m->w->file[t->file.file].type == FILE_DAX &&
	       (t->file.verb != FILE_PUNCH || t->file.length);
}

static bool has_block(struct machine *m, const struct file_op *op, u64 index)
{
	return page_is(m, dax_pfn(m, op->file, index), PG_FSDAX);
}

/* filemap_invalidate_lock(), unmap_mapping_pages(): all of it, but private copies */
enum step_result dax_unmap_layout(struct machine *m, struct task *t)
{
	struct file_op *op = &t->file;

	if (!lock_try_write(m, &m->w->file[op->file].invalidate_lock))
		return STEP_BLOCKED;
	op->page = NO_PFN;
	t->range = (struct range_op){ .kind = RANGE_ZAP, .split = 2, .backing = VMA_FILE,
				      .object = op->file, .pages = ~0u, .keeps_cows = true };
	return STEP_CALL;
}

/* The first page that somebody has a reference to; whoever waits for it gives up the lock. */
enum step_result dax_find_busy(struct machine *m, struct task *t)
{
	struct file_op *op = &t->file;

	for (u64 i = 0; has_block(m, op, i) && op->page == NO_PFN; i++)
		if (page_count(m, dax_pfn(m, op->file, i)) > 1)
			op->page = dax_pfn(m, op->file, i);
	if (op->page != NO_PFN)
		lock_release_write(m, &m->w->file[op->file].invalidate_lock);
	return STEP_NEXT;
}

bool dax_is_busy(const struct machine *m, const struct task *t)
{
	return resizes_dax(m, t) && t->file.page != NO_PFN;
}

/* wait_var_event(): put_devmap_managed_page() wakes it when the count is 1. */
enum step_result dax_wait_idle(struct machine *m, struct task *t)
{
	return page_count(m, t->file.page) > 1 ? STEP_BLOCKED : STEP_BACK;
}

/* ext4_truncate(), ext4_ext_remove_space(), dax_zero_range() */
enum step_result dax_free_blocks(struct machine *m, struct task *t)
{
	struct file_op *op = &t->file;
	u64 last = (op->offset + op->length) >> PAGE_SHIFT;

	for (u64 i = op->index; i < op->end && has_block(m, op, i); i++)
		dax_set_block(m, op->file, i, 0);
	for (u64 i = op->offset >> PAGE_SHIFT; i <= last && has_block(m, op, i); i++)
		if (dax_block(m, op->file, i) & DAX_WRITTEN)
			file_zero_page(m, op, i, dax_pfn(m, op->file, i));
	lock_release_write(m, &m->w->file[op->file].invalidate_lock);
	return STEP_NEXT;
}
