/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report_lanes.c: lanes as SVG. Down the page goes time; a bar beside a lane is a lock that it
 * holds, a shade behind all lanes an invalidation that is open.
 */
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/lock_order.h"
#include "sim/markup.h"
#include "sim/report_internal.h"
#include "sim/vm.h"

enum {		/* pixels */
	ROW = 17, HEAD = 24, TOP = 34, BAR = 4, BARS = NR_LOCK_CLASSES * BAR + 4,
	LANE = 172, EFFECTS = 390, EFFECTS_OF_TWO = 262, GAP = 14, MARGIN = 8,
};

static int effects_width(const struct lanes *lanes)
{
	return lanes->nr_runs > 1 ? EFFECTS_OF_TWO : EFFECTS;
}

static int block_width(const struct lanes *lanes)
{
	return (int)lanes->nr_lanes * LANE + effects_width(lanes);
}

static int block_x(const struct lanes *lanes, unsigned run)
{
	return MARGIN + (int)run * (block_width(lanes) + GAP);
}

static int lane_x(const struct lanes *lanes, unsigned run, unsigned lane)
{
	return block_x(lanes, run) + (int)lane * LANE;
}

/* Where each row begins, and behind the last the end. */
static int *places(const struct lanes *lanes)
{
	size_t nr = arrlenu(lanes->rows);
	int *y = calloc(nr + 1, sizeof(*y)), at = TOP;

	if (!y)
		abort();
	for (size_t i = 0; i < nr; i++) {
		at += lanes_begins(lanes, i) ? HEAD : 0;
		y[i] = at;
		at += ROW;
	}
	y[nr] = at;
	return y;
}

static void draw_rect(int x, int y, int width, int height, const char *class, FILE *out)
{
	fprintf(out, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n", class,
		x, y, width, height);
}

/* ---- invalidations ---- */

static void draw_windows(const struct lanes *lanes, unsigned run, const int *y, FILE *out)
{
	size_t nr = arrlenu(lanes->rows), from = 0;
	int state = 0;

	for (size_t i = 0; i <= nr; i++) {
		const struct run_step *step = i < nr ? lanes_step(lanes, i, run) : NULL;
		int now = i == nr ? 0 : !step ? state :
			  step->in_progress ? 2 : step->mn_active ? 1 : 0;

		if (now == state)
			continue;
		if (state)
			draw_rect(block_x(lanes, run), y[from], (int)lanes->nr_lanes * LANE,
				  y[i] - y[from], state == 2 ? "window" : "active", out);
		state = now;
		from = i;
	}
}

/* ---- locks ---- */

struct held { u8 locks[MAX_TASKS], lane[MAX_TASKS]; };

static u8 locks_of_lane(const struct held *held, unsigned lane)
{
	u8 locks = 0;

	for (unsigned t = 0; t < MAX_TASKS; t++)
		if (held->lane[t] == lane)
			locks |= held->locks[t];
	return locks;
}

static void draw_lock(const struct lanes *lanes, unsigned run, unsigned lane, unsigned class,
		      int from, int to, FILE *out)
{
	fprintf(out, "<rect class=\"lock l%u\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\">"
		"<title>%s</title></rect>\n", class,
		lane_x(lanes, run, lane) + 2 + (int)class * BAR, from, BAR - 1, to - from,
		lock_class_names[class]);
}

static void draw_locks(const struct lanes *lanes, unsigned run, const int *y, FILE *out)
{
	size_t from[MAX_LANES][NR_LOCK_CLASSES] = { 0 }, nr = arrlenu(lanes->rows);
	u8 before[MAX_LANES] = { 0 };
	struct held held = { { 0 }, { 0 } };

	for (size_t i = 0; i <= nr; i++) {
		const struct run_step *step = i < nr ? lanes_step(lanes, i, run) : NULL;

		if (step) {
			held.lane[step->task] = lane_of(lanes, step);
			held.locks[step->task] = step->locks;
		}
		for (unsigned lane = 0; lane < lanes->nr_lanes; lane++) {
			u8 now = i < nr ? locks_of_lane(&held, lane) : 0;

			for (unsigned c = 0; c < NR_LOCK_CLASSES; c++) {
				if ((now ^ before[lane]) >> c & 1 && now >> c & 1)
					from[lane][c] = i;
				else if ((now ^ before[lane]) >> c & 1)
					draw_lock(lanes, run, lane, c, y[from[lane][c]], y[i], out);
			}
			before[lane] = now;
		}
	}
}

/* ---- steps ---- */

static void draw_effects(const struct lanes *lanes, size_t row, unsigned run, int y, FILE *out)
{
	int x = block_x(lanes, run) + (int)lanes->nr_lanes * LANE;
	const struct vm *vm = lanes->run[run]->vm;
	size_t first = 0, broken = 0;
	size_t nr = lanes_notes(lanes, row, run, &first);
	size_t nr_broken = lanes_violations(lanes, row, run, &broken);
	size_t most = effects_width(lanes) * 10 / 64 - 1;	/* the rest is its title's */
	size_t used = 0;
	char all[900] = "", text[160];

	for (size_t i = 0; i < nr_broken && used < sizeof(all) - 200; i++)
		used += snprintf(all + used, sizeof(all) - used, "%s\xe2\x9c\x97 %s",
				 used ? "; " : "", vm->violations[broken + i].v.law->id);
	for (size_t i = 0; i < nr && used < sizeof(all) - 200; i++)
		if (*lanes_note_text(&vm->log->notes[first + i], text, sizeof(text)))
			used += snprintf(all + used, sizeof(all) - used, "%s%s", used ? "; " : "",
					 text);
	if (!used)
		return;
	fprintf(out, "<text class=\"%s\" x=\"%d\" y=\"%d\"><title>",
		nr_broken ? "broken" : "effect", x, y + 12);
	markup_text(all, out);
	fprintf(out, "</title>");
	if (used > most) {
		size_t cut = most;

		while ((all[cut] & 0xc0) == 0x80)
			cut--;
		all[cut] = '\0';
		markup_printf(out, "%s\xe2\x80\xa6", all);
	} else {
		markup_text(all, out);
	}
	fprintf(out, "</text>\n");
}

static void draw_step(const struct lanes *lanes, size_t row, unsigned run, int y, FILE *out)
{
	const struct run_step *step = lanes_step(lanes, row, run);
	char chain[400];

	if (!step)
		return;
	vm_chain(lanes->run[run]->vm, step->frame, step->depth, chain, sizeof(chain));
	fprintf(out, "<text class=\"step\" x=\"%d\" y=\"%d\"><title>",
		lane_x(lanes, run, lane_of(lanes, step)) + BARS, y + 12);
	markup_printf(out, "%s: %s", path_name(step->path), chain);
	fprintf(out, "</title>%s</text>\n", step->step.name);
	draw_effects(lanes, row, run, y, out);
}

static void draw_row(const struct lanes *lanes, size_t row, int y, FILE *out)
{
	bool broken = false;

	for (unsigned r = 0; r < lanes->nr_runs; r++)
		broken |= lanes_violations(lanes, row, r, &(size_t){ 0 }) > 0;
	fprintf(out, "<g class=\"row%s%s\" id=\"r%zu\">\n",
		lanes_differs(lanes, row) ? " differs" : "", broken ? " breaks" : "", row);
	for (unsigned r = 0; r < lanes->nr_runs; r++)
		draw_rect(block_x(lanes, r), y, block_width(lanes), ROW, "back", out);
	for (unsigned r = 0; r < lanes->nr_runs; r++)
		draw_step(lanes, row, r, y, out);
	fprintf(out, "</g>\n");
}

/* ---- events ---- */

static void draw_event(const struct lanes *lanes, size_t row, int y, FILE *out)
{
	size_t line = lanes->rows[row].line;
	const struct replay_line *event = &lanes->replay->line[line];
	char text[80];

	for (unsigned r = 0; r < lanes->nr_runs; r++) {
		const struct outcome *o = &lanes->run[r]->outcome[line];
		bool parts = lanes->nr_runs > 1 && !same_outcome(&lanes->run[0]->outcome[line],
								 &lanes->run[1]->outcome[line]);

		draw_rect(block_x(lanes, r), y - HEAD + 5, block_width(lanes), HEAD - 5,
			  parts ? "event parts" : "event", out);
		fprintf(out, "<text class=\"eventtext\" x=\"%d\" y=\"%d\">", block_x(lanes, r) + 4,
			y - 6);
		markup_printf(out, "[%u] %s \xe2\x87\x92 %s", event->number, event->text,
			      report_outcome(o, text, sizeof(text)));
		fprintf(out, "</text>\n");
	}
}

static void draw_heads(const struct lanes *lanes, int height, FILE *out)
{
	for (unsigned r = 0; r < lanes->nr_runs; r++) {
		int x = block_x(lanes, r);

		fprintf(out, "<text class=\"runname\" x=\"%d\" y=\"12\">", x);
		markup_text(lanes->run[r]->patch->name, out);
		fprintf(out, "</text>\n");
		for (unsigned lane = 0; lane < lanes->nr_lanes; lane++) {
			fprintf(out, "<text class=\"lanename\" x=\"%d\" y=\"28\">%s</text>\n",
				lane_x(lanes, r, lane) + BARS, lanes->lane[lane].name);
			fprintf(out, "<path class=\"rail\" d=\"M%d %dV%d\"/>\n",
				lane_x(lanes, r, lane), TOP, height);
		}
		fprintf(out, "<text class=\"lanename\" x=\"%d\" y=\"28\">what it did</text>\n",
			x + (int)lanes->nr_lanes * LANE);
	}
}

void lanes_draw(const struct lanes *lanes, const char *css, FILE *out)
{
	size_t nr = arrlenu(lanes->rows);
	int *y = places(lanes), width = block_x(lanes, lanes->nr_runs) - GAP + MARGIN;

	fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"lanes\" width=\"%d\" "
		"height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"steps by actor\">\n",
		width, y[nr] + MARGIN, width, y[nr] + MARGIN);
	if (css) {
		fprintf(out, "<style>\n");
		markup_text(css, out);
		fprintf(out, "</style>\n");
	}
	draw_heads(lanes, y[nr], out);
	for (size_t i = 0; i < nr; i++)
		if (lanes_begins(lanes, i))
			draw_event(lanes, i, y[i], out);
	for (size_t i = 0; i < nr; i++)
		draw_row(lanes, i, y[i], out);
	fprintf(out, "<g class=\"over\">\n");
	for (unsigned r = 0; r < lanes->nr_runs; r++) {
		draw_windows(lanes, r, y, out);
		draw_locks(lanes, r, y, out);
	}
	fprintf(out, "</g>\n</svg>\n");
	free(y);
}
