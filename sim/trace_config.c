/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/trace_config.h"

#include <string.h>

#include "sim/ast.h"
#include "sim/vm.h"

/* kvm_swap_active_memslots(): address space 0 has the even ones. */
#define MAX_GENERATION	(BIT(62) - 2)

static bool is_key(const struct ast_arg *arg, const char *key)
{
	return arg->key && !strcmp(arg->key, key);
}

/* on, off, 1, 0 */
static bool flag_value(const struct ast_arg *arg, bool *flag)
{
	bool number = arg->value.type == AST_INT;

	if (number ? (arg->value.number | 1) != 1 :
		     strcmp(arg->value.name, "on") && strcmp(arg->value.name, "off"))
		return false;
	*flag = number ? arg->value.number : !strcmp(arg->value.name, "on");
	return true;
}

static bool set_flag(struct vm_config *config, const struct ast_arg *arg)
{
	const struct { const char *key; bool *flag, inverted; } flags[] = {
		{ "frames-by-place", &config->frames_by_place, false },
		{ "watch-retries", &config->watch_retries, false },
		{ "lru-batch", &config->lru_batch, false },
		{ "ad", &config->ad, false },
		{ "nx-huge", &config->nx_huge, false },
		{ "pml", &config->pml, false },
		{ "private-mem", &config->private_mem, false },
		{ "async-pf", &config->async_pf, false },
		{ "mmio-caching", &config->no_mmio_caching, true },
		{ "huge-fault", &config->no_huge_fault, true },
		{ "slot-zap-all", &config->no_slot_zap_all, true },
		{ "file-split", &config->no_file_split, true },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(flags); i++) {
		if (!is_key(arg, flags[i].key))
			continue;
		if (!flag_value(arg, flags[i].flag))
			return false;
		*flags[i].flag ^= flags[i].inverted;
		return true;
	}
	return false;
}

static bool set_name(struct vm_config *config, const struct ast_arg *arg)
{
	static const char *const mmu[NR_MMU_KINDS] = { "tdp", "rmap", "shadow" };
	const char *text = arg->value.name;

	if (is_key(arg, "stage2") && (!strcmp(text, "ept") || !strcmp(text, "npt"))) {
		config->ept = *text == 'e';
		return true;
	}
	for (unsigned i = 0; is_key(arg, "mmu") && i < NR_MMU_KINDS; i++)
		if (!strcmp(text, mmu[i])) {
			config->mmu = i;
			return true;
		}
	return false;
}

static bool set_number(struct vm_config *config, const struct ast_arg *arg)
{
	u64 number = arg->value.number;

	if (is_key(arg, "phys-bits") && number >= 36 && number <= 52)
		config->physical_bits = number;
	else if (is_key(arg, "guest-phys-bits") && number >= 36 && number <= 52)
		config->guest_bits = number;
	else if (is_key(arg, "levels") && (number == 4 || number == 5))
		config->five_levels = number == 5;
	else if (is_key(arg, "generation") && !(number & 1) && number <= MAX_GENERATION)
		config->generation = number;
	else
		return false;
	return true;
}

bool trace_config(struct vm_config *config, const struct ast_arg *arg)
{
	if (arg->value.type != AST_INT && !arg->value.name)
		return false;
	if (set_flag(config, arg))
		return true;
	return arg->value.type == AST_INT ? set_number(config, arg) : set_name(config, arg);
}

const char *trace_config_conflict(const struct vm_config *config)
{
	if (!config->ad && !config->ept)
		return "ad=off: NPT always has accessed and dirty bits";
	if (!config->ad && config->mmu == MMU_SHADOW)
		return "ad=off: the guest's own paging, and so shadow paging, always has accessed "
		       "and dirty bits";
	if (config->physical_bits == 52 && (!config->ept || config->mmu == MMU_SHADOW))
		return "phys-bits=52: what KVM does without a reserved bit for MMIO entries is "
		       "not modelled";
	return NULL;
}
