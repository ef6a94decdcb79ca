/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/report_explore.h"

#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "model/step.h"
#include "sim/schedule.h"

/* ---- text ---- */

static void print_outcomes(const struct trace *trace, const struct explored *r, FILE *out)
{
	size_t event = SIZE_MAX;

	for (size_t i = 0; i < arrlenu(r->outcomes); i++) {
		const struct explore_outcome *o = &r->outcomes[i];
		const struct event *e = &trace->events[o->event];

		if (o->event != event && e->label)
			fprintf(out, "%s  %s:", i ? "\n" : "", e->label);
		else if (o->event != event)
			fprintf(out, "%s  line %u:", i ? "\n" : "", e->line);
		fprintf(out, "%s %s", o->event == event ? "," : "", o->word);
		if (o->has_value)
			fprintf(out, " 0x%x", o->value);
		fprintf(out, " (%llu)", (unsigned long long)o->ends);
		event = o->event;
	}
	if (arrlenu(r->outcomes))
		fprintf(out, "\n");
}

static void print_extent(const struct explored *r, FILE *out)
{
	fprintf(out, "  %s: %llu states, %llu transitions, %llu steps deep, %llu ends\n",
		r->stop ? "INCOMPLETE" : "complete", (unsigned long long)r->states,
		(unsigned long long)r->transitions, (unsigned long long)r->depth,
		(unsigned long long)r->ends);
	if (r->por)
		fprintf(out, "  reduced by partial order (--no-por: all states), %u round%s\n",
			r->rounds, r->rounds > 1 ? "s" : "");
	if (r->liveness)
		fprintf(out, "  reduced by liveness (--no-liveness: all states)\n");
	if (r->alike[0])
		fprintf(out, "  reduced by symmetry (--no-symmetry: all states): %s\n", r->alike);
	else if (r->unlike[0])
		fprintf(out, "  not reduced by symmetry: %s\n", r->unlike);
	if (r->stop)
		fprintf(out, "  %s%s%s\n", explore_stop_text(r), r->why[0] ? ": " : "", r->why);
	if (r->stop != STOP_BITSTATE)
		fprintf(out, "  odds that two states were taken for one: %.1e\n",
			explore_odds(r->states));
}

/* As lockdep: each lock of the cycle, who takes it, and where. */
static void print_inversion(const struct trace *trace, const struct explore_finding *f, FILE *out)
{
	fprintf(out, "  LOCK INVERSION%s: in some order of these nobody goes on\n",
		f->expected ? " (expected)" : "");
	for (unsigned i = 0; i < f->locks.nr; i++) {
		const struct lock_edge *e = &f->locks.edge[i];

		fprintf(out, "    %s is taken under %s: thread %s, path %s, step %s\n",
			lock_class_names[e->taken], lock_class_names[e->held],
			trace->threads[e->thread].name, path_name(e->path), e->step);
	}
}

static const char *unit_of(const struct explore_finding *f)
{
	return f->kind == FOUND_VIOLATION ? "by" : f->kind == FOUND_INVERSION ? "of" : "in";
}

static const char *counted_of(const struct explore_finding *f)
{
	return f->kind == FOUND_VIOLATION ? "transitions" :
	       f->kind == FOUND_INVERSION ? "locks" : "states";
}

static void print_finding(const struct trace *trace, const struct semantics_patch *patch,
			  const struct explore_finding *f, FILE *out)
{
	struct schedule schedule;
	char breaks[80];

	if (f->kind == FOUND_VIOLATION) {
		fprintf(out, "  VIOLATION of %s%s, blame: %s\n    %s\n", f->v.law->id,
			f->expected ? " (expected)" : "", blame_name(f->v.blame),
			f->v.law->sentence);
		snprintf(breaks, sizeof(breaks), "%s", f->v.law->id);
	} else if (f->kind == FOUND_DEADLOCK) {
		fprintf(out, "  DEADLOCK%s: nobody can go on\n", f->expected ? " (expected)" : "");
		snprintf(breaks, sizeof(breaks), "deadlock");
	} else if (f->kind == FOUND_INVERSION) {
		print_inversion(trace, f, out);
		snprintf(breaks, sizeof(breaks), "%s under %s",
			 lock_class_names[f->locks.edge[0].taken],
			 lock_class_names[f->locks.edge[0].held]);
	} else {
		fprintf(out, "  LIVELOCK%s: whatever is done from here, it does not end\n",
			f->expected ? " (expected)" : "");
		snprintf(breaks, sizeof(breaks), "livelock");
	}
	fprintf(out, "    %s %llu %s; %s way, %zu steps:\n\n",
		unit_of(f), (unsigned long long)f->states, counted_of(f),
		f->is_shortest ? "a shortest" : "a", f->nr_steps);
	schedule_run(&schedule, trace, patch, f);
	schedule_print(&schedule, breaks, out);
	schedule_free(&schedule);
	fprintf(out, "\n");
}

void report_explored(const struct trace *trace, const struct semantics_patch *patch,
		     const struct explored *r, const struct explore_verdict *v, FILE *out)
{
	size_t n = arrlenu(r->findings);

	fprintf(out, "\n%s: %s\n", r->semantics,
		n ? "some order is wrong" : r->stop ? "nothing found, but not all was searched" :
		"holds in every order");
	print_extent(r, out);
	print_outcomes(trace, r, out);
	for (size_t i = 0; i < n; i++)
		print_finding(trace, patch, &r->findings[i], out);
	for (size_t i = 0; i < arrlenu(v->missed); i++)
		fprintf(out, "  MISMATCH %s\n", v->missed[i].text);
}

/* ---- JSON ---- */

static void begin(struct json *json, const char *name, const struct explored *r, const char *type)
{
	json_object_begin(json);
	json_number_at(json, "schema", 1);
	json_string_at(json, "type", type);
	json_string_at(json, "trace", name);
	json_string_at(json, "semantics", r->semantics);
}

static void end(struct json *json)
{
	json_object_end(json);
	json_line_end(json);
}

static void put_finding(struct json *json, const char *name, const struct explored *r,
			const struct explore_finding *f)
{
	static const char *const kind[] = { "violation", "deadlock", "livelock",
					    "lock-inversion" };

	begin(json, name, r, "finding");
	json_string_at(json, "finding", kind[f->kind]);
	json_string_at(json, "law", f->kind == FOUND_VIOLATION ? f->v.law->id : NULL);
	json_string_at(json, "blame",
		       f->kind == FOUND_VIOLATION ? blame_name(f->v.blame) : NULL);
	json_number_at(json, "found", f->states);
	json_number_at(json, "steps", f->nr_steps);
	json_bool_at(json, "shortest", f->is_shortest);
	json_bool_at(json, "expected", f->expected);
	end(json);
}

static void put_lock(struct json *json, const char *name, const struct trace *trace,
		     const struct explored *r, const struct lock_edge *e)
{
	begin(json, name, r, "lock");
	json_string_at(json, "taken", lock_class_names[e->taken]);
	json_string_at(json, "held", lock_class_names[e->held]);
	json_string_at(json, "thread", trace->threads[e->thread].name);
	json_string_at(json, "path", path_name(e->path));
	json_string_at(json, "step", e->step);
	end(json);
}

static void put_step(struct json *json, const char *name, const struct trace *trace,
		     const struct explored *r, const struct explore_finding *f, size_t i,
		     const struct schedule_row *row)
{
	begin(json, name, r, "step");
	json_string_at(json, "of", finding_name(f));
	json_number_at(json, "number", i + 1);
	json_string_at(json, "thread", trace->threads[row->thread].name);
	json_number_at(json, "event", row->event->number);
	json_number_at(json, "line", row->event->line);
	json_string_at(json, "step", row->step);
	json_string_at(json, "outcome", row->ends ? row->came_to : NULL);
	end(json);
}

static void put_steps(struct json *json, const char *name, const struct trace *trace,
		      const struct semantics_patch *patch, const struct explored *r,
		      const struct explore_finding *f)
{
	struct schedule s;

	schedule_run(&s, trace, patch, f);
	for (size_t i = 0; i < arrlenu(s.rows) && !s.rows[i].afterwards; i++)
		put_step(json, name, trace, r, f, i, &s.rows[i]);
	schedule_free(&s);
}

static void put_outcome(struct json *json, const char *name, const struct trace *trace,
			const struct explored *r, const struct explore_outcome *o)
{
	begin(json, name, r, "end");
	json_number_at(json, "event", trace->events[o->event].number);
	json_number_at(json, "line", trace->events[o->event].line);
	json_string_at(json, "label", trace->events[o->event].label);
	json_string_at(json, "outcome", o->word);
	if (o->has_value)
		json_number_at(json, "value", o->value);
	else
		json_string_at(json, "value", NULL);
	json_number_at(json, "ends", o->ends);
	end(json);
}

void report_explored_json(const char *name, const struct trace *trace,
			  const struct semantics_patch *patch, const struct explored *r,
			  const struct explore_verdict *v, struct json *json)
{
	size_t violations = 0;

	for (size_t i = 0; i < arrlenu(r->outcomes); i++)
		put_outcome(json, name, trace, r, &r->outcomes[i]);
	for (size_t i = 0; i < arrlenu(r->findings); i++) {
		violations += r->findings[i].kind == FOUND_VIOLATION;
		put_finding(json, name, r, &r->findings[i]);
		for (unsigned n = 0; n < r->findings[i].locks.nr; n++)
			put_lock(json, name, trace, r, &r->findings[i].locks.edge[n]);
		put_steps(json, name, trace, patch, r, &r->findings[i]);
	}
	for (size_t i = 0; i < arrlenu(v->missed); i++) {
		begin(json, name, r, "mismatch");
		json_string_at(json, "text", v->missed[i].text);
		end(json);
	}
	begin(json, name, r, "explored");
	json_number_at(json, "states", r->states);
	json_number_at(json, "transitions", r->transitions);
	json_number_at(json, "depth", r->depth);
	json_number_at(json, "ends", r->ends);
	json_number_at(json, "bytes", r->bytes);
	json_bool_at(json, "por", r->por);
	json_bool_at(json, "liveness", r->liveness);
	json_number_at(json, "rounds", r->rounds);
	json_string_at(json, "symmetry", r->alike[0] ? r->alike : NULL);
	json_string_at(json, "no_symmetry", r->unlike[0] ? r->unlike : NULL);
	json_bool_at(json, "complete", !r->stop);
	json_string_at(json, "stopped", r->stop ? explore_stop_text(r) : NULL);
	json_number_at(json, "violations", violations);
	end(json);
}
