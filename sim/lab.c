/* SPDX-License-Identifier: GPL-2.0-only */
/* lab.c: a trace's statements, one after the other, as commands of the lab. */
#include "sim/lab_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/trace_config.h"
#include "sim/vm.h"

static void add(struct lab *lab, const char *format, va_list list)
{
	char text[512];
	int n = vsnprintf(text, sizeof(text), format, list);

	for (int i = 0; i < n && i < (int)sizeof(text) - 1; i++)
		arrput(lab->text, text[i]);
	arrput(lab->text, '\n');
}

void lab_say(struct lab *lab, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	add(lab, format, list);
	va_end(list);
}

void lab_say_more(struct lab *lab, const char *format, ...)
{
	va_list list;

	if (arrlen(lab->text))
		(void)arrpop(lab->text);
	va_start(list, format);
	add(lab, format, list);
	va_end(list);
}

const char *lab_address(const struct lab *lab, uint64_t hva, char *text, size_t size)
{
	for (size_t i = 0; i < lab->nr_regions; i++)
		if (hva - lab->region[i].base < lab->region[i].size) {
			snprintf(text, size, "%s+0x%llx", lab->region[i].name,
				 (unsigned long long)(hva - lab->region[i].base));
			return text;
		}
	snprintf(text, size, "0x%llx", (unsigned long long)hva);
	return text;
}

/* What of the machine that a trace asks for is the script's to say */
static bool configure(struct lab *lab, const struct vm_config *config,
		      const struct ast_statement *s, struct error *error)
{
	if (config->five_levels || config->physical_bits || config->guest_bits || config->pml ||
	    config->async_pf || config->no_file_split || config->no_mmio_caching ||
	    config->no_slot_zap_all)
		return error_at(error, s->file, s->line, s->column,
				"the lab's machine cannot be had so");
	if (config->private_mem)
		lab_say(lab, "#!vmtype 1");
	if (config->mmu != MMU_TDP)
		lab_say(lab, "#!mmu %s", config->mmu == MMU_RMAP ? "rmap" : "shadow");
	if (config->nx_huge)
		lab_say(lab, "#!env lab_nx=1");
	return true;
}

/* ---- reading ---- */

struct input {
	struct ast ast;
	struct names *names;
	struct vm_config config;
	const struct ast_statement *config_at;
	struct event *events;		/* stb_ds */
};

static bool read_statement(struct input *input, const struct ast_statement *s,
			   struct error *error)
{
	struct event e;

	if (s->kind == AST_DIRECTIVE && !strcmp(s->word, "config")) {
		input->config_at = s;
		for (size_t i = 0; i < s->nr_args; i++)
			if (!trace_config(&input->config, &s->args[i]))
				return error_at(error, s->file, s->line, s->args[i].column,
						"config is " TRACE_CONFIG);
	}
	if (s->kind == AST_DIRECTIVE && !strcmp(s->word, "thread"))
		return error_at(error, s->file, s->line, s->column,
				"the lab does one thing after the other; threads are for pfnsim "
				"explore");
	if (s->kind != AST_EVENT)
		return true;
	if (!event_bind(s, input->names, &e, error))
		return false;
	arrput(input->events, e);
	return true;
}

static bool read_all(struct input *input, struct error *error)
{
	for (size_t i = 0; i < input->ast.nr_statements; i++)
		if (!read_statement(input, &input->ast.statements[i], error))
			return false;
	return true;
}

static bool write_all(struct lab *lab, const struct input *input, struct error *error)
{
	if (input->config_at && !configure(lab, &input->config, input->config_at, error))
		return false;
	lab_find_watches(lab);
	for (size_t i = 0; i < lab->nr_gwatches; i++)
		lab_say(lab, "gwatch 0x%llx", (unsigned long long)lab->gwatch[i]);
	for (size_t i = 0; i < lab->nr_events; i++) {
		const struct event *e = &lab->events[i];
		const char *why = lab_event(lab, e);

		if (why)
			return error_at(error, e->file, e->line, e->column, "%s", why);
	}
	return true;
}

bool lab_script(const char *path, struct lab_script *script, struct error *error)
{
	struct input input = { .config = { .ept = true, .ad = true, .zero_pfn = NO_PFN,
					   .code_gpa = NO_PFN } };
	struct lab lab = { .text = NULL };
	bool ok;

	script->text = NULL;
	if (!ast_read(path, &input.ast, error))
		return false;
	input.names = names_new();
	ok = read_all(&input, error);
	lab.names = input.names;
	lab.events = input.events;
	lab.nr_events = arrlenu(input.events);
	ok = ok && write_all(&lab, &input, error);
	if (ok)
		script->text = strndup(lab.text ? lab.text : "", arrlenu(lab.text));
	arrfree(lab.text);
	arrfree(input.events);
	names_free(input.names);
	ast_free(&input.ast);
	return ok;
}

void lab_script_free(struct lab_script *script)
{
	free(script->text);
	script->text = NULL;
}
