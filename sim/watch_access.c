/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * watch_access.c: where accesses are told.
 *
 * What is compiled with -fsanitize=thread calls a function of a given name before each access.
 * There is no ThreadSanitizer: the functions are ours. memcpy() and its like are not told by gcc:
 * the model and what takes a turn use none on the world.
 */
#include <stdlib.h>
#include <string.h>

#include <pthread.h>
#include <stb/stb_ds.h>

#include "sim/watch_internal.h"

/* Asked at every access, and few: in a shared library half as slow again if by __tls_get_addr(). */
#define OF_THREAD	__thread __attribute__((tls_model("initial-exec")))

static OF_THREAD struct watch *watching;
static OF_THREAD struct { uintptr_t from; size_t size; u8 *read; } asked;

bool watch_works(void)
{
#ifdef HAVE_FOOTPRINTS
	return true;
#else
	return false;
#endif
}

void watch_on(struct watch *w)
{
	watching = w;
}

void watch_reads(const void *from, size_t size, u8 *read)
{
	asked.from = (uintptr_t)from;
	asked.size = read ? size : 0;
	asked.read = read;
}

/* ---- which line ---- */

struct watch_names { pthread_mutex_t mutex; struct line_of_page *lines; };

struct watch_names *watch_names_new(void)
{
	struct watch_names *names = calloc(1, sizeof(*names));

	if (!names)
		abort();
	pthread_mutex_init(&names->mutex, NULL);
	return names;
}

void watch_names_free(struct watch_names *names)
{
	if (!names)
		return;
	hmfree(names->lines);
	pthread_mutex_destroy(&names->mutex);
	free(names);
}

static u32 name_line(struct watch_names *names, pfn_t pfn)
{
	ptrdiff_t at;
	u32 line;

	pthread_mutex_lock(&names->mutex);
	at = hmgeti(names->lines, pfn);
	line = at >= 0 ? names->lines[at].value :
	       WATCH_WORLD_LINES + WATCH_OTHER_LINES + hmlenu(names->lines) * WATCH_PAGE_LINES;
	if (at < 0)
		hmput(names->lines, pfn, line);
	pthread_mutex_unlock(&names->mutex);
	return line;
}

static void keep_name(struct watch *w, pfn_t pfn, u32 line)
{
	size_t i = (line - WATCH_WORLD_LINES - WATCH_OTHER_LINES) / WATCH_PAGE_LINES;

	hmput(w->known, pfn, line);
	while (i < WATCH_PAGES && arrlenu(w->pages) <= i)
		arrput(w->pages, NO_PFN);
	if (i < WATCH_PAGES)
		w->pages[i] = pfn;
}

u32 watch_line_of(struct watch *w, pfn_t pfn)
{
	ptrdiff_t at = hmgeti(w->known, pfn);
	u32 line;

	if (at >= 0)
		line = w->known[at].value;
	else
		keep_name(w, pfn, line = name_line(w->names, pfn));
	if (line + WATCH_PAGE_LINES <= WATCH_LINES)
		return line;
	w->is_lost = true;
	return 0;
}

/* ---- what is told ---- */

static inline void tell(struct watch *w, u32 line, u64 bits, bool is_write)
{
	if (!(w->read[line] | w->write[line]))
		w->lines[w->nr_lines++] = line;
	if (is_write) {
		w->write[line] |= bits;
	} else {
		w->first_read[line] |= bits & ~w->write[line];
		w->read[line] |= bits;
	}
}

/* Bytes from @offset on of what begins at @line. */
static inline void tell_bytes(struct watch *w, u32 line, size_t offset, size_t n, bool is_write)
{
	if (w->no_footprints)
		return;
	for (line += offset / 64, offset %= 64; n; line++, offset = 0) {
		size_t here = n < 64 - offset ? n : 64 - offset;

		tell(w, line, (here == 64 ? ~(u64)0 : BIT(here) - 1) << offset, is_write);
		n -= here;
	}
}

void watch_save_line(struct watch *w, u32 line)
{
	struct saved *s;

	w->saved_in[line] = w->epoch;
	w->strays[line / 64] |= BIT(line % 64);
	s = arraddnptr(w->saved, 1);
	s->line = line;
	memcpy(s->words, &w->world[(size_t)line * 8], line_words(line) * sizeof(u64));
}

static void save_record(struct watch *w, struct handed *h)
{
	h->is_saved = true;
	arrput(w->changes, ((struct change){ .pfn = h->pfn, .is_record = true,
					     .record = *(const struct page *)h->address }));
}

static inline void access_world(struct watch *w, size_t offset, size_t n, bool is_write)
{
	size_t end = offset + n < sizeof(struct world) ? offset + n : sizeof(struct world);

	tell_bytes(w, 0, offset, end - offset, is_write);
	for (size_t line = offset / 64; is_write && line <= (end - 1) / 64; line++)
		if (w->saved_in[line] != w->epoch)
			watch_save_line(w, line);
}

static void access_record(struct watch *w, uintptr_t at, size_t n, bool is_write)
{
	for (size_t i = w->nr_handed; i--; ) {
		struct handed *h = &w->handed[i];

		if (at < h->address || at >= h->address + sizeof(struct page))
			continue;
		if (h->line)
			tell_bytes(w, h->line, at - h->address, n, is_write);
		if (is_write && !h->is_saved)
			save_record(w, h);
		return;
	}
}

static __attribute__((noinline)) void access_any(struct watch *w, uintptr_t at, size_t n,
						 bool is_write)
{
	if (at - (uintptr_t)w->world < sizeof(struct world))
		access_world(w, at - (uintptr_t)w->world, n, is_write);
	else
		access_record(w, at, n, is_write);
}

/* Is it news? Most of what is read was read before by the same turn. */
static inline bool is_news(const struct watch *w, uintptr_t at, size_t n, bool is_write)
{
	size_t offset = at - (uintptr_t)w->world;

	if (w->no_footprints && !is_write)
		return false;
	if (offset >= sizeof(struct world))
		return at >= w->low && at < w->high;
	return is_write || n > 16 || offset % 64 + n > 64 ||
	       ~w->read[offset / 64] & (BIT(n) - 1) << offset % 64;
}

static __attribute__((noinline)) void access_asked(size_t offset, size_t n)
{
	for (; n-- && offset < asked.size; offset++)
		asked.read[offset] = 1;
}

/* Nobody calls it without HAVE_FOOTPRINTS. */
__attribute__((unused))
static inline void access(const void *p, size_t n, bool is_write)
{
	struct watch *w = watching;

	if (w && is_news(w, (uintptr_t)p, n, is_write))
		access_any(w, (uintptr_t)p, n, is_write);
	else if (!w && (uintptr_t)p - asked.from < asked.size)
		access_asked((uintptr_t)p - asked.from, n);
}

#ifdef HAVE_FOOTPRINTS
/* The names are the compiler's, which knows them itself with another sanitizer. */
#define ACCESS(name, n, is_write)		\
	void name(const void *p);		\
	void name(const void *p) { access(p, n, is_write); }

ACCESS(__tsan_read1, 1, false)
ACCESS(__tsan_read2, 2, false)
ACCESS(__tsan_read4, 4, false)
ACCESS(__tsan_read8, 8, false)
ACCESS(__tsan_read16, 16, false)
ACCESS(__tsan_write1, 1, true)
ACCESS(__tsan_write2, 2, true)
ACCESS(__tsan_write4, 4, true)
ACCESS(__tsan_write8, 8, true)
ACCESS(__tsan_write16, 16, true)
ACCESS(__tsan_unaligned_read2, 2, false)
ACCESS(__tsan_unaligned_read4, 4, false)
ACCESS(__tsan_unaligned_read8, 8, false)
ACCESS(__tsan_unaligned_read16, 16, false)
ACCESS(__tsan_unaligned_write2, 2, true)
ACCESS(__tsan_unaligned_write4, 4, true)
ACCESS(__tsan_unaligned_write8, 8, true)
ACCESS(__tsan_unaligned_write16, 16, true)

void __tsan_read_range(const void *p, size_t n);
void __tsan_read_range(const void *p, size_t n) { access(p, n, false); }
void __tsan_write_range(const void *p, size_t n);
void __tsan_write_range(const void *p, size_t n) { access(p, n, true); }
void __tsan_init(void);
void __tsan_init(void) { }
void __tsan_func_entry(void *from);
void __tsan_func_entry(void *from) { (void)from; }
void __tsan_func_exit(void);
void __tsan_func_exit(void) { }

/* clang's, which tells these, too */
void *__tsan_memcpy(void *to, const void *from, size_t n);
void *__tsan_memcpy(void *to, const void *from, size_t n)
{
	access(from, n, false);
	access(to, n, true);
	return memcpy(to, from, n);
}

void *__tsan_memmove(void *to, const void *from, size_t n);
void *__tsan_memmove(void *to, const void *from, size_t n)
{
	access(from, n, false);
	access(to, n, true);
	return memmove(to, from, n);
}

void *__tsan_memset(void *to, int byte, size_t n);
void *__tsan_memset(void *to, int byte, size_t n)
{
	access(to, n, true);
	return memset(to, byte, n);
}
#endif

/* ---- memory ---- */

static struct watch *of(const struct phys *phys)
{
	return (struct watch *)phys;
}

static void tell_words(struct watch *w, pfn_t pfn, unsigned from, unsigned to, bool is_write)
{
	u32 line = w->no_footprints ? 0 : watch_line_of(w, pfn);

	if (line)	/* of words, not bytes */
		tell_bytes(w, line + 2, from, to - from, is_write);
}

static struct page *watched_page(struct phys *phys, pfn_t pfn)
{
	struct watch *w = of(phys);
	struct page *page;
	struct handed *h;

	for (size_t i = w->nr_handed; i--; )
		if (w->handed[i].pfn == pfn)
			return (struct page *)w->handed[i].address;
	page = w->real->page(w->real, pfn);
	w->phys.exhausted = w->real->exhausted;
	if (w->nr_handed == MAX_HANDED) {
		w->is_lost = true;
		save_record(w, &(struct handed){ .address = (uintptr_t)page, .pfn = pfn });
		return page;
	}
	h = &w->handed[w->nr_handed++];
	*h = (struct handed){ (uintptr_t)page, pfn, w->no_footprints ? 0 : watch_line_of(w, pfn),
			       false };
	w->low = w->low < h->address ? w->low : h->address;
	w->high = w->high > h->address + sizeof(*page) ? w->high : h->address + sizeof(*page);
	if (!watch_works())
		save_record(w, h);
	return page;
}

static u64 watched_load(const struct phys *phys, pfn_t pfn, unsigned index)
{
	tell_words(of(phys), pfn, index, index + 1, false);
	return of(phys)->real->load(of(phys)->real, pfn, index);
}

static void watched_store(struct phys *phys, pfn_t pfn, unsigned index, u64 word)
{
	struct watch *w = of(phys);
	u64 old = w->real->load(w->real, pfn, index);

	tell_words(w, pfn, index, index + 1, true);
	if (old == word)
		return;
	arrput(w->changes, ((struct change){ .pfn = pfn, .index = index, .word = old }));
	w->real->store(w->real, pfn, index, word);
}

static unsigned watched_next(const struct phys *phys, pfn_t pfn, unsigned from)
{
	struct watch *w = of(phys);
	unsigned next = w->real->next(w->real, pfn, from);

	if (from < WORDS_PER_PAGE)
		tell_words(w, pfn, from, next < WORDS_PER_PAGE ? next + 1 : next, false);
	return next;
}

static void watched_clear(struct phys *phys, pfn_t pfn)
{
	struct watch *w = of(phys);

	tell_words(w, pfn, 0, WORDS_PER_PAGE, true);
	for (unsigned i = 0; (i = w->real->next(w->real, pfn, i)) < WORDS_PER_PAGE; i++)
		arrput(w->changes, ((struct change){ .pfn = pfn, .index = i,
						     .word = w->real->load(w->real, pfn, i) }));
	w->real->clear(w->real, pfn);
}

static bool is_blank(const struct page *page, pfn_t pfn)
{
	static const struct page none;
	struct page blank = none;

	blank.head = pfn;
	return !memcmp(page, &blank, sizeof(blank));
}

/*
 * A record that another state has asked for is none here. Which there are depends on all that was
 * done, so that what is read is not told (law.c alone asks, when a step may have touched anything).
 */
static pfn_t watched_next_page(const struct phys *phys, pfn_t pfn)
{
	struct watch *w = of(phys);

	w->is_lost = true;
	while ((pfn = w->real->next_page(w->real, pfn)) != NO_PFN &&
	       is_blank(w->real->page(w->real, pfn), pfn))
		pfn++;
	return pfn;
}

void watch_take_phys(struct watch *w)
{
	w->phys = (struct phys){ .page = watched_page, .load = watched_load,
				 .store = watched_store, .next = watched_next,
				 .clear = watched_clear, .next_page = watched_next_page };
	w->vm->m.phys = &w->phys;
}

bool change_is_again(const struct watch *w, size_t from, size_t i)
{
	const struct change *c = &w->changes[i];

	for (size_t k = from; k < i; k++)
		if (w->changes[k].pfn == c->pfn && w->changes[k].is_record == c->is_record &&
		    w->changes[k].index == c->index)
			return true;
	return false;
}

/* ---- footprints ---- */

void watch_clear(struct watch *w)
{
	while (w->nr_lines) {
		u32 line = w->lines[--w->nr_lines];

		w->read[line] = w->write[line] = w->first_read[line] = 0;
	}
	w->is_lost = !watch_works() || w->no_footprints;
}

void watch_no_footprints(struct watch *w)
{
	w->no_footprints = true;
}

void watch_other(struct watch *w, unsigned bit, bool is_write)
{
	assert(bit < 64 * WATCH_OTHER_LINES);
	tell(w, WATCH_WORLD_LINES + bit / 64, BIT(bit % 64), is_write);
}

struct footprint watch_footprint(const struct watch *w)
{
	return (struct footprint){ w->lines, w->nr_lines, w->read, w->write, w->first_read,
				   w->is_lost };
}

void watch_tell(struct watch *w, u32 line, u64 read, u64 write)
{
	if (read)
		tell(w, line, read, false);
	if (write)
		tell(w, line, write, true);
}

void watch_lose(struct watch *w)
{
	w->is_lost = true;
}
