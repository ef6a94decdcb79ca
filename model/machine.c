/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/machine.h"

const char *const splat_names[NR_SPLATS] = {
	[SPLAT_AD_TRACKED_COUNT0] = "kvm_is_ad_tracked_page",
	[SPLAT_ZONE_DEVICE_COUNT0] = "kvm_is_zone_device_page",
	[SPLAT_TRY_GRAB] = "try_grab_page",
	[SPLAT_GET_OR_GUARD] = "kvm_follow_pfn",
	[SPLAT_LEAF_REPLACED] = "__handle_changed_spte",
	[SPLAT_NO_STRUCT_PAGE] = "kvm_pfn_to_page",
	[SPLAT_GET_PAGE_ZERO] = "get_page",
	[SPLAT_ATOMIC_ASYNC] = "hva_to_pfn",
	[SPLAT_ZAPPED_COUNT0] = "mmu_spte_clear_track_bits",
	[SPLAT_ZAPPED_BAD_PFN] = "kvm_set_page_accessed",
	[SPLAT_COLLAPSIBLE] = "kvm_mmu_zap_collapsible_sptes",
	[SPLAT_MMAP_UNLOCKED] = "mmap_assert_locked",
	[SPLAT_CACHE_VALID] = "kvm_gpc_activate",
	[SPLAT_BAD_RSS] = "check_mm",
	[SPLAT_LEAF_OF_OTHER] = "tdp_mmu_map_handle_target_level",
	[SPLAT_DIRECT_LEAF] = "mmu_set_spte",
	[SPLAT_TABLES_LEFT] = "kvm_mmu_uninit_tdp_mmu",
	[SPLAT_MMIO_OVER_LEAF] = "mark_mmio_spte",
	[SPLAT_RMAP_NOT_PRESENT] = "rmap_get_first",
	[SPLAT_CACHE_LOOKUP] = "filemap_get_entry",
};

void touch(struct machine *m, enum object_kind kind, u64 key)
{
	for (unsigned i = m->nr_touched; i-- > 0 && i + 8 > m->nr_touched; )
		if (m->touched[i].kind == kind && m->touched[i].key == key)
			return;
	if (m->nr_touched == MAX_TOUCHED)
		m->touched_all = true;
	else
		m->touched[m->nr_touched++] = (struct object){ .kind = kind, .key = key };
}

static bool is_same_alarm(const struct alarm *a, const struct alarm *b)
{
	return a->kind == b->kind && a->blame == b->blame;
}

/* Where there is no room: that of one which is as another before it, if @a is as none. */
static struct alarm *find_room(struct machine *m, const struct alarm *a)
{
	for (unsigned i = 0; i < MAX_ALARMS; i++)
		if (is_same_alarm(&m->alarms[i], a))
			return NULL;
	for (unsigned last = MAX_ALARMS; last-- > 0; )
		for (unsigned i = 0; i < last; i++)
			if (is_same_alarm(&m->alarms[i], &m->alarms[last]))
				return &m->alarms[last];
	return NULL;
}

void raise_alarm(struct machine *m, enum alarm_kind kind, u64 key, enum blame blame)
{
	const struct alarm alarm = { .kind = kind, .blame = blame, .key = key };
	struct alarm *room = m->nr_alarms < MAX_ALARMS ? &m->alarms[m->nr_alarms++] :
							 find_room(m, &alarm);

	if (room)
		*room = alarm;
}

void note(struct machine *m, const struct note *n)
{
	if (m->journal)
		m->journal->note(m->journal, n);
}

void note_stat(struct machine *m, const char *name, s64 delta)
{
	if (delta)
		note(m, &(struct note){ .kind = NOTE_STAT, .name = name, .value = delta });
}

void note_release(struct machine *m, const char *name, pfn_t pfn)
{
	struct note n = { .kind = NOTE_RELEASE, .name = name, .pfn = pfn };

	if (pfn != NO_PFN && !is_error_noslot_pfn(pfn) && page_is(m, pfn, PG_VALID)) {
		n.count = page_of(m, pfn)->refcount;
		n.headcount = page_count(m, pfn);
		n.mapcount = page_of(m, pfn)->mapcount;
	}
	note(m, &n);
}
