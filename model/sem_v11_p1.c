/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sem_v11_p1.c: v11 1/8, "KVM: Assert that a page's refcount is elevated when marking
 * accessed/dirty" (Sean Christopherson), Message-Id 20240229025759.1187910-2-stevensd@google.com.
 *
 * It warns, and leaves the flags alone. The count is the folio's, so that tails pass. The releases
 * ask too, while they still hold their own reference.
 */
#include "model/sem.h"

static bool is_ad_tracked(struct machine *m, pfn_t pfn)
{
	if (!page_is(m, pfn, PG_VALID))		/* no caller's kvm_is_ad_tracked_page() yet */
		return false;
	mark_check(m, pfn);
	if (page_count(m, pfn) == 0) {
		raise_alarm(m, ALARM_WARN, SPLAT_AD_TRACKED_COUNT0, page_blame(m, pfn));
		return false;
	}
	return !page_is(m, pfn, PG_RESERVED);
}

const struct semantics_patch sem_v11_p1 = {
	.name = "v11-p1", .group = "series", .base = &sem_v6_8_rc3,
	.source = "v11 1/8 on v6.8-rc3: warns of marking a page whose count is 0",
	.claims = "a page that is marked accessed or dirty has a count; if not it is a "
		  "use-after-free, which is to be heard of",
	.ops = { .is_ad_tracked = is_ad_tracked },
};
