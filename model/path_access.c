/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_access.c: a vCPU in the guest: TLB, hardware walk, the access itself; and KVM's emulator.
 *
 * One access through a TLB entry, or through a walk that fills one, is one step: flushes reach a
 * CPU by interrupt, between instructions.
 */
#include "model/machine.h"
#include "model/memslot.h"
#include "model/path.h"
#include "model/semantics.h"
#include "model/tdp.h"
#include "model/walker.h"

/* What a VMM answers to an MMIO read. */
#define MMIO_ANSWER	0x5a5a5a5a

/* Code in recordings begins with eax == 0, which is where its page of code is, too. */
gpa_t access_gpa(const struct machine *m, const struct access *a)
{
	return a->fetching || a->adding ? m->w->config.code_gpa : a->gpa;
}

static gfn_t wanted_gfn(const struct machine *m, const struct access *a)
{
	return access_gpa(m, a) >> PAGE_SHIFT;
}

/*
 * What the access asks of the walk. A locked increment asks for a write at once on EPT; SVM as
 * emulated for recordings on one CPU reads first, so that a read-only mapping faults twice.
 */
static unsigned wanted_rights(const struct machine *m, const struct access *a, bool again)
{
	if (a->adding)
		return m->w->config.ept || again ? WALK_WRITE : WALK_READ;
	if (a->fetching || a->kind == ACCESS_EXEC)
		return WALK_EXEC;
	if (a->kind == ACCESS_READ)
		return WALK_READ;
	return a->kind == ACCESS_RMW && !m->w->config.ept && !m->w->config.rmw_at_once && !again ?
	       WALK_READ : WALK_WRITE;
}

static bool entry_allows(const struct tlb_entry *entry, unsigned rights)
{
	if ((rights & WALK_WRITE) && (!entry->writable || !entry->dirty))
		return false;
	return !(rights & WALK_EXEC) || entry->executable;
}

static void dirty_spte_appeared(struct machine *m, const struct walk *walk)
{
	stage2_count_dirty(m, walk->entry & ~spte_format_of(m)->dirty, walk->entry, walk->level);
}

/* A translation for the access at hand, or NULL with the fault in *a. */
static struct tlb_entry *translate(struct machine *m, struct task *t, bool again)
{
	struct access *a = &t->access;
	gfn_t gfn = wanted_gfn(m, a);
	unsigned rights = wanted_rights(m, a, again);
	struct tlb_entry *entry = tlb_find(m, t->vcpu, gfn);
	struct walk walk;

	if (entry && entry_allows(entry, rights))
		return entry;
	if (entry)	/* SDM 29.4.3.1: a violation invalidates; a walk to set D refills */
		tlb_drop(m, t->vcpu, entry);
	walk = hardware_walk(m, m->w->vcpu[t->vcpu].root, gfn, rights);
	a->walk = walk.result;
	a->qualification = walk.qualification;
	if (walk.result != WALK_OK)
		return NULL;
	if (walk.newly_dirty)
		dirty_spte_appeared(m, &walk);
	/* SIMPLIFIED: page-modification logging: the CPU's buffer is drained at once. */
	if (walk.newly_dirty && m->w->config.pml)
		memslot_mark_dirty(m, memslot_of_gfn(m, gfn), gfn);
	tlb_fill(m, t->vcpu, &(struct tlb_entry){
			 .gfn = walk.first, .pfn = walk.pfn, .level = walk.level,
			 .writable = walk.writable, .executable = walk.executable,
			 .dirty = walk.dirty });
	return tlb_find(m, t->vcpu, gfn);
}

/* The lab's random loops: a linear congruential generator chooses offset and stored value. */
static void random_address(struct access *a)
{
	a->lcg = a->lcg * 1664525u + 1013904223u;
	a->gpa = a->base + (a->lcg >> 4 & a->mask);
	if (a->kind == ACCESS_WRITE)
		a->value = a->lcg;
}

static void next_access(struct access *a)
{
	a->gpa += a->stride;
	a->count--;
	a->mmio = false;
	a->retried = false;
	if (a->random && a->count)
		random_address(a);
}

/* Until a memslot or dirty-log call returns, what is written may or may not be in its log. */
static void wrote_page(struct machine *m, gfn_t gfn, pfn_t pfn)
{
	page_of(m, pfn)->flags |= PG_GUEST_WROTE;
	page_touch(m, pfn);
	if (!memslot_knows_dirty(m, memslot_of_gfn(m, gfn), gfn) && !slot_call_runs(m, true))
		raise_alarm(m, ALARM_LOG_MISSED, gfn, BLAME_KVM);
}

static void use_page(struct machine *m, struct access *a, const struct tlb_entry *entry)
{
	pfn_t pfn = entry->pfn + (wanted_gfn(m, a) - entry->gfn);

	a->pfn = pfn;
	if (apic_is_virtualized(m, m->w->task[m->task].vcpu, pfn)) {
		a->apic = true;
		a->value = a->kind == ACCESS_READ ? 0 : a->value;
		return;
	}
	if (page_is(m, pfn, PG_FREE))
		raise_alarm(m, ALARM_ACCESS_FREE, pfn, page_of(m, pfn)->freed_by);
	if (a->adding)
		wrote_page(m, wanted_gfn(m, a), pfn);
	if (a->fetching || a->adding)
		return;
	if (a->kind == ACCESS_READ)
		a->value = page_load(m, pfn, a->gpa);
	else if (a->kind == ACCESS_WRITE)
		page_store(m, pfn, a->gpa, a->value);
	else if (a->kind == ACCESS_RMW)
		page_store(m, pfn, a->gpa, page_load(m, pfn, a->gpa) + 1);
	if (a->kind == ACCESS_WRITE || a->kind == ACCESS_RMW)
		wrote_page(m, wanted_gfn(m, a), pfn);
}

/* Zeroes from @a's address to the end of the page, or to the first word that is none; bytes. */
static u64 zeroes(struct machine *m, const struct access *a)
{
	u64 n = 4;

	while ((a->gpa + n) % PAGE_SIZE && !page_load(m, a->pfn, a->gpa + n))
		n += 4;
	return n;
}

/*
 * What a recording's guest jumps to: HLT (0xf4) ends the loop, and zeroes are add %al,(%eax) with
 * both 0, again and again up to the next page. Nothing else is known.
 */
static void execute(struct machine *m, struct access *a)
{
	u32 word = page_load(m, a->pfn, a->gpa & ~3ull), code = word >> 8 * (a->gpa & 2);

	if (a->adding) {
		a->adding = false;
		a->gpa += a->stride;
	} else if (a->gpa % 2 || !page_is(m, a->pfn, PG_VALID) || page_is(m, a->pfn, PG_FREE)) {
		a->unknown_code = true;
		a->count = 0;
	} else if ((code & 0xff) == 0xf4) {
		a->count = 0;
	} else if (!(code & 0xffff)) {
		a->adding = true;
		a->stride = a->gpa % 4 || word ? 2 : zeroes(m, a);
	} else {
		a->unknown_code = true;
		a->count = 0;
	}
}

static bool runs_code(const struct machine *m, const struct access *a)
{
	return a->kind == ACCESS_EXEC && m->w->config.code_gpa != NO_PFN && !a->fetching;
}

/* Of recordings: what it runs may have gone from the second stage while it was out. */
static bool has_lost_code(struct machine *m, const struct task *t)
{
	gpa_t code = m->w->config.code_gpa;
	const struct access *a = &t->access;

	if (code == NO_PFN || a->fetching || a->random || a->kind == ACCESS_EXEC ||
	    t->frame[0].path != PATH_ACCESS ||	/* but a guest of its own, which has paging */
	    tlb_find(m, t->vcpu, code >> PAGE_SHIFT))
		return false;
	return hardware_walk(m, m->w->vcpu[t->vcpu].root, code >> PAGE_SHIFT, WALK_EXEC).result !=
	       WALK_OK;
}

/*
 * vcpu_enter_guest() with its requests (an obsolete root is replaced), then guest mode: until an
 * access faults, or the loop ends in HLT.
 */
static enum step_result guest_access(struct machine *m, struct task *t)
{
	struct access *a = &t->access;
	struct tlb_entry *entry;

	if (m->sem->ops.load_root(m, t->vcpu) == NO_PFN)
		return STEP_BLOCKED;
	if (apic_reload_is_asked(m, t))	/* kvm_vcpu_exit_request() */
		return STEP_BACK;
	apic_enter_guest(m, t->vcpu);
	a->fetching |= has_lost_code(m, t);
	entry = translate(m, t, false);
	if (entry && (a->kind == ACCESS_RMW || a->adding) && !a->fetching)
		entry = translate(m, t, true);
	if (!entry)
		return STEP_NEXT;
	use_page(m, a, entry);
	if (runs_code(m, a))
		execute(m, a);
	else if (!a->fetching)
		next_access(a);
	else if (a->random)
		random_address(a);
	a->fetching = false;
	return a->count ? STEP_BACK : STEP_DONE;
}

/* handle_ept_misconfig(), npf_interception(): signalled, and the instruction is skipped. */
static enum step_result fast_mmio(struct machine *m, struct task *t)
{
	struct access *a = &t->access;

	ioeventfd_signal_fast(m, a->gpa);
	a->fast_signals = true;
	next_access(a);
	return a->count ? STEP_BACK : STEP_DONE;
}

static bool faulted_for_good(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->access.error;
}

static bool wants_emulation(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->access.last_ret == RET_PF_EMULATE;
}

static enum step_result leave_with_error(struct machine *m, struct task *t)
{
	(void)m;
	(void)t;
	return STEP_DONE;
}

static enum step_result resume_guest(struct machine *m, struct task *t)
{
	(void)m;
	return t->access.count ? STEP_BACK : STEP_DONE;
}

const struct step path_access[] = {
	STEP(halt_for_page, .when = vcpu_is_halted,
	     .chain = "kvm_arch_vcpu_ioctl_run > kvm_vcpu_block"),
	STEP(async_page_ready, .when = async_page_is_there, .calls = PATH_FAULT,
	     .chain = "kvm_check_async_pf_completion > kvm_arch_async_page_ready"),
	STEP(async_page_present, .when = async_page_is_there,
	     .chain = "kvm_check_async_pf_completion > kvm_arch_async_page_present"),
	STEP(reload_apic_page, .when = apic_reload_is_asked, .calls = PATH_APIC,
	     .to = "reload_apic_page",
	     .chain = "kvm_arch_vcpu_ioctl_run > vcpu_enter_guest"),
	STEP(guest_access, .to = "reload_apic_page",
	     .chain = "kvm_arch_vcpu_ioctl_run > vcpu_enter_guest"),
	STEP(fast_mmio, .when = on_fast_bus, .to = "halt_for_page",
	     .chain = "kvm_arch_vcpu_ioctl_run > handle_ept_misconfig > kvm_io_bus_write"),
	STEP_AS(take_exit, enter_path, .calls = PATH_FAULT, .chain = "kvm_arch_vcpu_ioctl_run"),
	STEP(leave_with_error, .when = faulted_for_good, .chain = "kvm_arch_vcpu_ioctl_run"),
	STEP_AS(emulate, enter_path, .when = wants_emulation, .calls = PATH_EMULATE,
		.chain = "kvm_arch_vcpu_ioctl_run > kvm_mmu_page_fault"),
	STEP(resume_guest, .to = "halt_for_page", .chain = "kvm_arch_vcpu_ioctl_run"),
	{ 0 }
};

/* ---- x86_emulate_instruction() of one mov or lock inc ---- */

static bool comes_to_apic(const struct machine *m, const struct task *t)
{
	return apic_is_emulated(m, t->access.gpa >> PAGE_SHIFT);
}

/*
 * emulator_read_write_onepage() > vcpu_mmio_read(), vcpu_mmio_write(): the local APIC answers
 * (arch/x86/kvm/x86.c, 6.1 to 7.2).
 */
static enum step_result emulate_apic(struct machine *m, struct task *t)
{
	struct access *a = &t->access;

	(void)m;
	a->apic = true;
	a->value = a->kind == ACCESS_READ ? 0 : a->value;
	next_access(a);
	return STEP_DONE;
}

/*
 * emulator_read_write_onepage(): guest memory through its hva, or else MMIO. A store to a
 * read-only slot, or one that copy_to_user() cannot do, is an exit to userspace.
 */
static enum step_result emulate_access(struct machine *m, struct task *t)
{
	struct access *a = &t->access;
	bool write = a->kind == ACCESS_WRITE || a->kind == ACCESS_RMW;
	int row = memslot_of_gfn(m, a->gpa >> PAGE_SHIFT);
	hva_t hva = memslot_hva(m, row, a->gpa >> PAGE_SHIFT, write);

	if (a->kind == ACCESS_RMW && (is_error_hva(hva) || m->sem->traits.cmpxchg_maps)) {
		hva = memslot_hva(m, row, a->gpa >> PAGE_SHIFT, false);
		a->loads = true;
		a->eax = a->value;
	}
	t->host = (struct host_fault){ .page = NO_PFN };
	a->failed = is_error_hva(hva);
	a->hva = hva + (a->gpa & ~PAGE_MASK);
	return a->failed ? STEP_NEXT : STEP_CALL;
}

/* emulator_cmpxchg_emulated() up to 5.18: behind the load the page is mapped, if it can be. */
static bool maps_for_cmpxchg(const struct machine *m, const struct task *t)
{
	const struct access *a = &t->access;
	gfn_t gfn = a->gpa >> PAGE_SHIFT;
	struct machine *machine = (struct machine *)m;

	return m->sem->traits.cmpxchg_maps && a->loads && !a->failed &&
	       !is_error_hva(memslot_hva(machine, memslot_of_gfn(machine, gfn), gfn, true));
}

static enum step_result map_for_cmpxchg(struct machine *m, struct task *t)
{
	gfn_t gfn = t->access.gpa >> PAGE_SHIFT;

	follow_init(&t->follow, gfn, memslot_of_gfn(m, gfn), 0);
	m->sem->ops.map_args(m, &t->follow);
	return follow_resolve_hva(m, t) ? STEP_CALL : STEP_NEXT;
}

/* kvm_vcpu_unmap(); or emulator_write_emulated(), by the hva */
static enum step_result cmpxchg_mapped(struct machine *m, struct task *t)
{
	struct access *a = &t->access;
	pfn_t pfn = t->follow.pfn;

	a->loads = false;
	if (is_error_noslot_pfn(pfn)) {
		t->host = (struct host_fault){ .page = NO_PFN };
		return STEP_CALL;
	}
	a->pfn = pfn;
	page_store(m, pfn, a->gpa, ++a->value);
	memslot_mark_dirty(m, memslot_of_gfn(m, t->follow.gfn), t->follow.gfn);
	m->sem->ops.release_pfn(m, pfn, true, HOLD_FAULT);
	return STEP_NEXT;
}

static bool stored_in_vain(const struct machine *m, const struct task *t)
{
	return m->sem->traits.cmpxchg_maps && t->access.kind == ACCESS_RMW &&
	       t->access.failed && !t->access.loads;
}

/* emulator_cmpxchg_emulated() up to 5.18, emul_write: what it has loaded goes to userspace. */
static enum step_result store_by_mmio(struct machine *m, struct task *t)
{
	(void)m;
	t->access.failed = false;
	t->access.loads = true;
	return STEP_NEXT;
}

static void mmio_exit(struct machine *m, struct access *a, const char *name)
{
	a->mmios++;
	a->mmio = true;
	note_stat(m, "mmio_exits", 1);
	note(m, &(struct note){ .kind = NOTE_EXIT, .name = name, .gfn = a->gpa >> PAGE_SHIFT,
				.hva = a->gpa, .value = a->value });
}

/* vcpu_mmio_write() */
static void mmio_write(struct machine *m, struct access *a)
{
	if (ioeventfd_write(m, a->gpa, a->value))
		a->signals = true;
	else
		mmio_exit(m, a, "MMIO-W");
}

/* A read-modify-write where no store is possible: it has loaded, or that is an exit, too. */
static void load_and_exit(struct machine *m, struct access *a)
{
	if (a->failed) {
		a->value = MMIO_ANSWER;
		mmio_exit(m, a, "MMIO-R");
	}
	a->value++;
	mmio_write(m, a);
	a->value = a->eax;
	a->loads = false;
}

/* emulator_cmpxchg_emulated(): by kvm_vcpu_map() until 5.18; 910c57dfa4d1 (6.9, 6.1.192) */
static void log_emulated(struct machine *m, const struct access *a, int row)
{
	gfn_t gfn = a->gpa >> PAGE_SHIFT;

	if (a->kind != ACCESS_RMW || !m->sem->traits.forgets_cmpxchg)
		memslot_mark_dirty(m, row, gfn);
	else if (!memslot_knows_dirty(m, row, gfn) && !slot_call_runs(m, true))
		raise_alarm(m, ALARM_LOG_MISSED, gfn, BLAME_KVM);
}

static enum step_result finish_emulation(struct machine *m, struct task *t)
{
	struct access *a = &t->access;
	int row = memslot_of_gfn(m, a->gpa >> PAGE_SHIFT);

	a->unknown_code = a->adding;
	if (a->kind == ACCESS_EXEC && a->failed) {	/* handle_emulation_failure() */
		a->internal_error = true;
		a->count = 0;
		return STEP_DONE;
	}
	if (a->loads) {
		load_and_exit(m, a);
	} else if (!a->failed) {
		if (a->kind != ACCESS_READ)
			log_emulated(m, a, row);
	} else if (a->kind == ACCESS_READ) {
		a->value = MMIO_ANSWER;
		mmio_exit(m, a, "MMIO-R");
	} else {
		mmio_write(m, a);
	}
	next_access(a);
	return STEP_DONE;
}

/* EMULTYPE_ALLOW_RETRY_PF: not of MMIO that an entry (.rsvd is left) or the vCPU's cache has. */
static bool may_retry(const struct machine *m, const struct task *t)
{
	bool writes_tables = t->access.kind != ACCESS_RMW && t->access.kind != ACCESS_READ;

	return m->sem->traits.reexecutes && !writes_tables && !t->access.retried &&
	       !t->fault.rsvd && !vcpu_knows_mmio(m, t->vcpu, t->fault.gfn);
}

/*
 * What is no instruction that writes page tables (a plain store is) is first tried again: a load of
 * MMIO, too, while a memslot update keeps it from being cached.
 */
static enum step_result retry_instruction(struct machine *m, struct task *t)
{
	(void)m;
	t->access.retried = true;
	return STEP_DONE;
}

/* emulator_cmpxchg_emulated(): the host's PTE cannot be written, and MMIO it is not. */
static bool unhandleable(const struct machine *m, const struct task *t)
{
	gfn_t gfn = t->access.gpa >> PAGE_SHIFT;
	struct machine *machine = (struct machine *)m;

	return t->access.failed && t->access.kind == ACCESS_RMW && !m->sem->traits.cmpxchg_maps &&
	       !is_error_hva(memslot_hva(machine, memslot_of_gfn(machine, gfn), gfn, true));
}

/* The load half: copy_from_user() of what the host may not read is an MMIO read first. */
static bool unreadable(const struct machine *m, const struct task *t)
{
	return !(host_leaf((struct machine *)m, t->access.hva).entry & PTE_PRESENT);
}

static bool may_reexecute(const struct machine *m, const struct task *t)
{
	return m->sem->traits.reexecutes && unhandleable(m, t) && !unreadable(m, t);
}

/* gfn_to_pfn(): would the access work now? */
static enum step_result reexecute_instruction(struct machine *m, struct task *t)
{
	gfn_t gfn = t->access.gpa >> PAGE_SHIFT;

	follow_init(&t->follow, gfn, memslot_of_gfn(m, gfn), FOLL_WRITE);
	m->sem->ops.reexecute_args(m, &t->follow);
	return follow_resolve_hva(m, t) ? STEP_CALL : STEP_NEXT;
}

static enum step_result handle_emulation_failure(struct machine *m, struct task *t)
{
	t->access.retried = false;
	if (unreadable(m, t))
		mmio_exit(m, &t->access, "MMIO-R");
	if (may_reexecute(m, t) && !is_error_noslot_pfn(t->follow.pfn)) {
		m->sem->ops.reexecute_release(m, t);
		return STEP_DONE;
	}
	t->access.internal_error = true;
	t->access.count = 0;
	return STEP_DONE;
}

const struct step path_emulate[] = {
	STEP(retry_instruction, .when = may_retry,
	     .chain = "x86_emulate_instruction > retry_instruction"),
	STEP(emulate_apic, .when = comes_to_apic,
	     .chain = "x86_emulate_instruction > emulator_read_write_onepage > "
		      "vcpu_mmio_write"),
	STEP(emulate_access, .calls = PATH_HOST_ACCESS,
	     .chain = "x86_emulate_instruction > emulator_read_write_onepage"),
	STEP(map_for_cmpxchg, .when = maps_for_cmpxchg, .calls = PATH_FOLLOW,
	     .chain = "x86_emulate_instruction > emulator_cmpxchg_emulated > kvm_vcpu_map"),
	STEP(cmpxchg_mapped, .when = maps_for_cmpxchg, .calls = PATH_HOST_ACCESS,
	     .chain = "x86_emulate_instruction > emulator_cmpxchg_emulated"),
	STEP(store_by_mmio, .when = stored_in_vain,
	     .chain = "x86_emulate_instruction > emulator_write_emulated"),
	STEP(reexecute_instruction, .when = may_reexecute, .calls = PATH_FOLLOW,
	     .chain = "x86_emulate_instruction > reexecute_instruction"),
	STEP(handle_emulation_failure, .when = unhandleable,
	     .chain = "x86_emulate_instruction > handle_emulation_failure"),
	STEP(finish_emulation, .chain = "x86_emulate_instruction"),
	{ 0 }
};
