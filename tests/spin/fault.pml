/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fault.pml: KVM's protocol of faults and invalidations, for SPIN: a second opinion on explore.
 *
 * Linux 6.1: virt/kvm/kvm_main.c:kvm_mmu_notifier_invalidate_range_start(), _end(),
 * mmu_invalidate_retry_hva(); arch/x86/kvm/mmu/mmu.c:direct_page_fault() with the TDP MMU, so that
 * faults hold mmu_lock for reading; mm/memory.c:zap_page_range_single(). It was written from what
 * these promise, not from model/, and shares no line with it.
 *
 * N vCPUs: vCPU i stores once to gfn i mod G. M threads: thread j drops gfn j mod G, by
 * MADV_DONTNEED, K - 1 times, so that alone it sees K pages there. A step is what others can see:
 * the locks' insides are cut all the same, to be compared with explore state by state (see.h).
 *
 * Left out: tables and levels, the fast path, access and dirty bits, memslots, folios' batches.
 *
 * -DBUG_... is a kernel with one thing wrong; tests/spin/test_spin.py has the list.
 */
#ifndef VCPUS
#define VCPUS 1
#endif
#ifndef THREADS
#define THREADS 1
#endif
#ifndef NR_PAGES
#define NR_PAGES 2
#endif
#ifndef GFNS
#define GFNS 1
#endif

/* A gfn's, a fault's and a gathered one are all that can be alive. 0: none */
#define PAGES	(GFNS + VCPUS + THREADS)

byte pte[GFNS], spte[GFNS];
byte tlb[VCPUS + 1];		/* of a vCPU, for its gfn */
byte held[VCPUS + 1];		/* the page that a fault has looked up */
byte seq_then[VCPUS + 1];		/* fault->mmu_seq */
byte refs[PAGES + 1];		/* page_count(); 0: free */
byte seq, count, lo, hi;	/* mmu_invalidate_seq, _in_progress, _range_start and _end */
byte readers;			/* of mmu_lock */
bit writer;

#define OF(x)		((x) % GFNS)
#define IN_RANGE(g)	(count && lo <= (g) && (g) < hi)

#ifdef SEE			/* compared with explore: where everybody is */
byte at_vcpu[VCPUS + 1], at_inv[THREADS + 1], done[THREADS + 1];
c_code {
\#include "see.h"
}
#define VCPU(c)		at_vcpu[i] = c; c_code { see(&now); }
#define INV(c)		at_inv[j] = c; c_code { see(&now); }
#define ROUND		done[j]++
#else
#define VCPU(c)		skip
#define INV(c)		skip
#define ROUND		skip
#endif

/* Laws */
#define ALIVE(p)	assert(refs[p] > 0)

inline put(p) {
	ALIVE(p);
	refs[p]--;
	if
	:: refs[p] == 0 ->	/* freed: nobody may reach it any more */
		x = 0;
		do
		:: x < GFNS -> assert(spte[x] != p); x++
		:: else -> break
		od;
		x = 0;
		do
		:: x < VCPUS -> assert(tlb[x] != p); x++
		:: else -> break
		od;
		x = 0
	:: else
	fi
}

/* handle_mm_fault() of an anonymous page; who comes second finds it there */
inline fault_in(g) {
	x = 1;
	do
	:: refs[x] -> x++
	:: else -> break
	od;
	pte[g] = x;
	refs[x] = 1;
	x = 0
}

#if defined(BUG_NO_CHECK)
#define STALE(i)	false
#elif defined(BUG_SEQ_ALONE)
#define STALE(i)	(seq != seq_then[i])
#elif defined(BUG_RANGE_ALONE)
#define STALE(i)	IN_RANGE(OF(i))
#else
#define STALE(i)	(IN_RANGE(OF(i)) || seq != seq_then[i])
#endif

proctype vcpu(byte i)
{
	byte x, old;
	bit stale, owes;

again:
	atomic {
		if
		:: tlb[i] || spte[OF(i)] ->
			if
			:: tlb[i]
			:: else -> tlb[i] = spte[OF(i)]
			fi;
			ALIVE(tlb[i]);
			VCPU('D');
			goto out
		:: else
		fi
	}
#ifndef BUG_LATE_SNAPSHOT
	d_step { seq_then[i] = seq; VCPU('L') }
#else
	d_step { skip; VCPU('L') }
#endif
look_up:
	atomic {
		if
		:: pte[OF(i)] ->
			held[i] = pte[OF(i)];
			refs[held[i]]++;
			owes = 1;
			VCPU('P')
		:: else ->
			fault_in(OF(i));
			VCPU('L');
			goto look_up
		fi
	}
#ifdef BUG_LATE_SNAPSHOT
	d_step { seq_then[i] = seq; VCPU('P') }
#endif
#ifdef BUG_PUT_EARLY
	d_step { put(held[i]); owes = 0; VCPU('P') }
#endif
	d_step { !writer -> readers++; VCPU('K') }
	d_step {
		stale = STALE(i);
		if
		:: stale -> VCPU('S')
		:: else -> VCPU('F')
		fi
	}
	if
	:: !stale ->
		old = spte[OF(i)];		/* read by the walk */
		d_step {			/* tdp_mmu_set_spte_atomic(): by cmpxchg */
			if
			:: spte[OF(i)] != old -> stale = 1; VCPU('S')
			:: else ->
				assert(pte[OF(i)] == held[i]);	/* it is what the host maps */
				assert(!old || old == held[i]);
				spte[OF(i)] = held[i];
				VCPU('X')
			fi;
			old = 0
		}
	:: else
	fi;
	d_step { readers--; VCPU('U') }
	d_step {
#if defined(BUG_PUT_EARLY)
		ALIVE(held[i]);		/* kvm_release_pfn_clean() marks the page accessed */
#elif defined(BUG_PUT_NEVER)
		skip;
#elif defined(BUG_PUT_USED)
		if
		:: !stale -> put(held[i]); owes = 0
		:: else
		fi;
#else
#ifdef BUG_PUT_TWICE
		put(held[i]);
#endif
		put(held[i]);
		owes = 0;
#endif
		assert(!owes);
		held[i] = 0;
		seq_then[i] = 0;
		stale = 0;
		VCPU('G')
	}
	goto again;
out:
	skip
}

proctype invalidator(byte j)
{
	byte x, n, gathered;
	bit flush, raised;

	do
	:: n < NR_PAGES - 1 ->
		d_step { !writer && !readers -> writer = 1; INV('a') }
		d_step {
#ifndef BUG_NO_COUNT
			if
			:: !count -> lo = OF(j); hi = OF(j) + 1
			:: else ->
				if
				:: OF(j) < lo -> lo = OF(j)
				:: else
				fi;
				if
				:: OF(j) >= hi -> hi = OF(j) + 1
				:: else
				fi
			fi;
			count++;
#endif
			INV('b')
		}
		d_step {
#ifndef BUG_NO_ZAP
			flush = spte[OF(j)] != 0;
			spte[OF(j)] = 0;
#endif
#ifdef BUG_NO_FLUSH
			flush = 0;
#endif
			if
			:: flush -> INV('c')
			:: else -> INV('d')
			fi
		}
		if
		:: flush ->
			d_step {	/* kvm_flush_remote_tlbs(): all vCPUs' */
				do
				:: x < VCPUS -> tlb[x] = 0; x++
				:: else -> break
				od;
				x = 0;
				flush = 0;
				INV('d')
			}
		:: else
		fi;
		d_step {
			writer = 0;
			/* what range_start() promises */
			assert(!spte[OF(j)]);
			do
			:: x < VCPUS -> assert(OF(x) != OF(j) || !tlb[x]); x++
			:: else -> break
			od;
			x = 0;
			INV('e')
		}
		d_step { gathered = pte[OF(j)]; pte[OF(j)] = 0; INV('f') }
		d_step { !writer && !readers -> writer = 1; INV('g') }
#ifdef BUG_COUNT_FIRST
		d_step { assert(raised); count--; INV('h') }
		d_step { seq++; raised = 1; INV('i') }
#else
		d_step {
#if !defined(BUG_NO_SEQ) && !defined(BUG_SEQ_LATE)
			seq++;
#endif
			raised = 1;
			INV('h')
		}
		d_step {
			assert(count && raised);
			count--;
			raised = 0;
			if
			:: !count -> lo = 0; hi = 0
			:: else
			fi;
			INV('i')
		}
#endif
		d_step { writer = 0; INV('j') }
#ifdef BUG_SEQ_LATE
		d_step { seq++; INV('j') }
#endif
		d_step {		/* tlb_finish_mmu(): behind the notification's end */
			if
			:: gathered -> put(gathered)
			:: else
			fi;
			gathered = 0;
			n++;
			ROUND;
			INV('-')
		}
	:: else -> break
	od
}

init {
	byte n;

	atomic {
		do
		:: n < VCPUS -> run vcpu(n); n++
		:: else -> break
		od;
		n = 0;
		do
		:: n < THREADS -> run invalidator(n); n++
		:: else -> break
		od;
		n = 0
	}
#ifdef SEE
	d_step { at_inv[THREADS] = 1; c_code { see(&now); } }	/* the beginning, before anybody's step */
#endif
	_nr_pr == 1;
	d_step {		/* all through: a mapped page has its PTE's reference alone */
		do
		:: n < GFNS -> assert(!pte[n] || refs[pte[n]] == 1); n++
		:: else -> break
		od
	}
}
