// SPDX-License-Identifier: GPL-2.0-only
#include "sim/store.h"

#include "sim/store_internal.h"

void store_free(struct store *store)
{
	if (store)
		store->free(store);
}

struct phys *store_phys(struct store *store)
{
	return &store->phys;
}
