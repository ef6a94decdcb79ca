/* SPDX-License-Identifier: GPL-2.0-only */
/* report_found.c: what broke a law, in one line. */
#include <string.h>

#include "sim/report_internal.h"

void report_found(const struct violation *v, FILE *out)
{
	if (v->pfn != NO_PFN)
		fprintf(out, " pfn 0x%llx", (unsigned long long)v->pfn);
	if (v->gfn != NO_PFN)
		fprintf(out, " gfn 0x%llx", (unsigned long long)v->gfn);
	if (v->law->alarms && !v->law->holds && v->law->about == OBJECT_TASK)
		fprintf(out, " in %s()", splat_names[v->value]);
	if (!v->law->found)
		return;
	fprintf(out, ": ");
	for (const char *c = v->law->found, *value = "a"; *c; c++) {
		if (*c != '%') {
			fputc(*c, out);
			continue;
		}
		c += strcspn(c, "dx");
		u64 number = *value++ == 'a' ? v->value : v->wanted;

		value = "b";
		if (*c == 'x' && number == NO_PFN)
			fprintf(out, "(none)");
		else
			fprintf(out, *c == 'x' ? "%llx" : "%lld", (unsigned long long)number);
	}
}
