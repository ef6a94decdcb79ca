/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report_refs.c: the count of a page as a staircase over the rows, and who took each step of it;
 * two runs one above the other.
 */
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/markup.h"
#include "sim/report_internal.h"
#include "sim/vm.h"

enum { LEFT = 56, WIDTH = 900, STAIR = 74, GAP = 26, RIGHT = 10, MOST_COUNT = 1 << 20 };

struct point { size_t row; s32 count; const struct log_note *note; };

static bool changes(const struct log_note *log, pfn_t pfn)
{
	const struct note *n = &log->note;

	return n->kind == NOTE_REF && n->pfn == pfn &&
	       (n->ok || strcmp(n->name, "page_ref_mod_unless"));
}

/* Of one run; stb_ds. */
static struct point *points_of(const struct lanes *lanes, unsigned run, pfn_t pfn)
{
	struct point *points = NULL;

	for (size_t row = 0; row < arrlenu(lanes->rows); row++) {
		size_t first = 0, nr = lanes_notes(lanes, row, run, &first);

		for (size_t i = 0; i < nr; i++) {
			const struct log_note *log = &lanes->run[run]->vm->log->notes[first + i];

			if (changes(log, pfn))
				arrput(points, ((struct point){ row, log->note.count, log }));
		}
	}
	return points;
}

/* ---- which pages ---- */

static bool add_page(pfn_t *pages, size_t *nr, pfn_t pfn)
{
	for (size_t i = 0; i < *nr; i++)
		if (pages[i] == pfn)
			return true;
	if (pfn == NO_PFN || *nr == MAX_PAGES)
		return false;
	pages[(*nr)++] = pfn;
	return true;
}

static bool is_counted_alike(const struct lanes *lanes, pfn_t pfn)
{
	struct point *a = points_of(lanes, 0, pfn), *b = points_of(lanes, 1, pfn);
	bool alike = arrlenu(a) == arrlenu(b);

	for (size_t i = 0; alike && i < arrlenu(a); i++)
		alike = a[i].row == b[i].row && a[i].count == b[i].count;
	arrfree(a);
	arrfree(b);
	return alike;
}

/* Those that a violation is about, those that are not counted alike, and then the others. */
size_t refs_pages(const struct lanes *lanes, pfn_t *pages)
{
	pfn_t *seen = NULL;
	size_t nr = 0;

	for (unsigned r = 0; r < lanes->nr_runs; r++)
		for (size_t i = 0; i < lanes->run[r]->vm->nr_violations; i++)
			add_page(pages, &nr, lanes->run[r]->vm->violations[i].v.pfn);
	for (unsigned r = 0; r < lanes->nr_runs; r++)
		for (size_t i = 0; i < arrlenu(lanes->run[r]->vm->log->notes); i++) {
			const struct note *n = &lanes->run[r]->vm->log->notes[i].note;
			bool known = n->kind != NOTE_REF;

			for (size_t k = 0; !known && k < arrlenu(seen); k++)
				known = seen[k] == n->pfn;
			if (!known && arrlenu(seen) < 4 * MAX_PAGES)
				arrput(seen, n->pfn);
		}
	for (size_t i = 0; lanes->nr_runs > 1 && i < arrlenu(seen); i++)
		if (!is_counted_alike(lanes, seen[i]))
			add_page(pages, &nr, seen[i]);
	for (size_t i = 0; i < arrlenu(seen); i++)
		add_page(pages, &nr, seen[i]);
	arrfree(seen);
	return nr;
}

/* ---- the staircase ---- */

static s32 highest(struct point *const *points, unsigned nr_runs)
{
	s32 most = 1;

	for (unsigned r = 0; r < nr_runs; r++)
		for (size_t i = 0; i < arrlenu(points[r]); i++)
			if (points[r][i].count > most && points[r][i].count < MOST_COUNT)
				most = points[r][i].count;
	return most;
}

static int place_x(const struct lanes *lanes, size_t row)
{
	size_t nr = arrlenu(lanes->rows);

	return LEFT + (int)(row * (WIDTH - LEFT - RIGHT) / (nr ? nr : 1));
}

static int place_y(int top, s32 count, s32 most)
{
	return top + STAIR - (count < 0 ? 0 : count > most ? most : count) * (STAIR - 8) / most;
}

static void draw_stairs(const struct lanes *lanes, unsigned run, const struct point *points,
			s32 most, int top, FILE *out)
{
	s32 count = arrlenu(points) ? points[0].count - (s32)points[0].note->note.value : 0;

	fprintf(out, "<text class=\"runname\" x=\"4\" y=\"%d\">", top + 14);
	markup_text(lanes->run[run]->patch->name, out);
	fprintf(out, "</text>\n");
	for (s32 tick = 0; tick <= most; tick += most > 6 ? most : 1)
		fprintf(out, "<line class=\"grid\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>"
			"<text class=\"tick\" x=\"%d\" y=\"%d\">%d</text>\n", LEFT,
			place_y(top, tick, most), WIDTH - RIGHT, place_y(top, tick, most),
			LEFT - 6, place_y(top, tick, most) + 4, tick);
	fprintf(out, "<path class=\"stairs\" d=\"M%d %d", LEFT, place_y(top, count, most));
	for (size_t i = 0; i < arrlenu(points); i++)
		fprintf(out, "H%dV%d", place_x(lanes, points[i].row),
			place_y(top, points[i].count, most));
	fprintf(out, "H%d\"/>\n", WIDTH - RIGHT);
	for (size_t i = 0; i < arrlenu(points); i++) {
		char text[160];

		fprintf(out, "<circle class=\"ref h%u%s\" cx=\"%d\" cy=\"%d\" r=\"4\" "
			"data-row=\"%zu\"><title>", points[i].note->note.holder,
			points[i].count <= 0 ? " zero" : "", place_x(lanes, points[i].row),
			place_y(top, points[i].count, most), points[i].row);
		markup_text(lanes_note_text(points[i].note, text, sizeof(text)), out);
		fprintf(out, "</title></circle>\n");
	}
}

/* Each change, and on whose stack. */
static void print_changes(const struct lanes *lanes, unsigned run, const struct point *points,
			  FILE *out)
{
	fprintf(out, "<table class=\"changes\"><caption>");
	markup_text(lanes->run[run]->patch->name, out);
	fprintf(out, "</caption><tr><th>event</th><th>change</th><th>in</th></tr>\n");
	for (size_t i = 0; i < arrlenu(points); i++) {
		const struct log_note *log = points[i].note;
		char text[160], chain[400];

		vm_chain(lanes->run[run]->vm, log->frame, log->depth, chain, sizeof(chain));
		fprintf(out, "<tr><td>%u</td><td>", log->event);
		markup_text(lanes_note_text(log, text, sizeof(text)), out);
		fprintf(out, "</td><td>");
		markup_text(chain[0] ? chain : "(the event itself)", out);
		fprintf(out, "</td></tr>\n");
	}
	fprintf(out, "</table>\n");
}

void refs_draw(const struct lanes *lanes, pfn_t pfn, FILE *out)
{
	struct point *points[2] = { NULL };
	int height = (int)lanes->nr_runs * (STAIR + GAP);
	s32 most;

	for (unsigned r = 0; r < lanes->nr_runs; r++)
		points[r] = points_of(lanes, r, pfn);
	most = highest(points, lanes->nr_runs);
	fprintf(out, "<figure class=\"refs\"><figcaption>pfn 0x%llx</figcaption>\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
		"viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"references of a page\">\n",
		(unsigned long long)pfn, WIDTH, height, WIDTH, height);
	for (unsigned r = 0; r < lanes->nr_runs; r++)
		draw_stairs(lanes, r, points[r], most, (int)r * (STAIR + GAP), out);
	fprintf(out, "</svg>\n<details><summary>each change</summary>\n");
	for (unsigned r = 0; r < lanes->nr_runs; r++) {
		print_changes(lanes, r, points[r], out);
		arrfree(points[r]);
	}
	fprintf(out, "</details></figure>\n");
}
