/* SPDX-License-Identifier: GPL-2.0-only */
#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sim/guess.h"
#include "tools/misuse.h"
#include "tools/pfnsim.h"

void tool_init(void)
{
	argp_err_exit_status = CODE_BAD_INPUT;
}

bool parse_format(const char *word, unsigned allowed, enum output_format *format)
{
	static const char *const words[NR_FORMATS] = { "text", "json", "markdown", "csv",
							  "html", "svg", "dot", "junit", "sarif",
							  "github", "perfetto", "trace.dat",
							  "selftest" };

	for (unsigned i = 0; i < NR_FORMATS; i++)
		if (allowed >> i & 1 && !strcmp(word, words[i])) {
			*format = i;
			return true;
		}
	fprintf(stderr, "pfnsim: unknown format \"%s\":", word);
	for (unsigned i = 0, rest = allowed; i < NR_FORMATS; i++)
		if (allowed >> i & 1) {
			rest &= ~(1u << i);
			fprintf(stderr, " %s%s", words[i],
				!rest ? "\n" : rest & (rest - 1) ? "," : " or");
		}
	return false;
}

int complain(const struct error *error)
{
	fprintf(stderr, "pfnsim: ");
	if (error->file[0])
		fprintf(stderr, "%s:", error->file);
	if (error->line)
		fprintf(stderr, "%u:", error->line);
	if (error->column)
		fprintf(stderr, "%u:", error->column);
	fprintf(stderr, "%s%s\n", error->file[0] ? " " : "", error->text);
	return CODE_BAD_INPUT;
}

int say_lacks(const char *path, const char *lacks)
{
	fprintf(stderr, "pfnsim: %s: inconclusive, evidence is missing: %s\n", path, lacks);
	return CODE_INCONCLUSIVE;
}

/* ---- files ---- */

static bool write_whole(FILE *out, const char *text, size_t length)
{
	bool ok = fwrite(text, 1, length, out) == length && !fflush(out) && !fsync(fileno(out));

	return !fclose(out) && ok;
}

static bool write_beside(const char *target, mode_t mode, const char *text, size_t length)
{
	char name[4096];
	FILE *out = NULL;
	bool ok;
	int fd;

	if (snprintf(name, sizeof(name), "%s.XXXXXX", target) >= (int)sizeof(name))
		return false;
	fd = mkstemp(name);
	if (fd >= 0 && !fchmod(fd, mode & 07777))
		out = fdopen(fd, "w");
	ok = out && write_whole(out, text, length) && !rename(name, target);
	if (!ok && fd >= 0)
		unlink(name);
	return ok;
}

bool write_anew(const char *path, const char *text, size_t length)
{
	char *target = realpath(path, NULL);
	struct stat stat_of;
	FILE *out;
	bool ok;

	if (target) {
		ok = !stat(target, &stat_of) &&
		     write_beside(target, stat_of.st_mode, text, length);
	} else {
		out = fopen(path, "wx");
		ok = out && write_whole(out, text, length);
	}
	if (!ok)
		fprintf(stderr, "pfnsim: %s: cannot write it anew: %s\n", path, strerror(errno));
	free(target);
	return ok;
}

bool tool_can_write(const char *path, bool is_folder)
{
	size_t length = strlen(path);
	struct stat stat_of;
	char folder[4096];
	bool ok;

	while (is_folder && length > 1 && path[length - 1] == '/')
		length--;
	while (length && path[length - 1] != '/')
		length--;
	snprintf(folder, sizeof(folder), "%.*s.", (int)length, path);
	if (stat(path, &stat_of)) {
		ok = !access(folder, W_OK | X_OK);
	} else if (!S_ISDIR(stat_of.st_mode) != !is_folder) {
		errno = is_folder ? ENOTDIR : EISDIR;
		ok = false;
	} else {
		ok = !access(path, W_OK);
	}
	if (!ok)
		fprintf(stderr, "pfnsim: %s: %s\n", path, strerror(errno));
	return ok;
}

/* ---- semantics ---- */

static bool add(const struct semantics_patch **list, size_t room, size_t *n,
		const struct semantics_patch *patch)
{
	for (size_t i = 0; i < *n; i++)
		if (list[i] == patch)
			return true;
	if (*n == room)
		return false;
	list[(*n)++] = patch;
	return true;
}

const struct semantics_group semantics_groups[] = {
	{ "all", "all but policies" },
	{ "old", "those with gfn_to_pfn()" },
	{ "new", "those with kvm_follow_pfn()" },
	{ "series", "the patches of v11, one by one" },
	{ "policy", "what else was proposed" },
	{ 0 }
};

static bool is_group(const char *word)
{
	const struct semantics_group *group = semantics_groups;

	while (group->name && strcmp(word, group->name))
		group++;
	return group->name;
}

static bool add_group(const struct semantics_patch **list, size_t room, size_t *n, const char *word)
{
	const struct semantics_patch *const *from =
		strcmp(word, "policy") ? all_semantics : policies;

	for (size_t i = 0; is_group(word) && from[i]; i++)
		if (!strcmp(word, "all") || !strcmp(word, from[i]->group))
			add(list, room, n, from[i]);
	return is_group(word);
}

static bool add_word(const struct semantics_patch **list, size_t room, size_t *n, const char *word)
{
	const struct semantics_patch *patch = semantics_find(word);

	return add_group(list, room, n, word) || (patch && add(list, room, n, patch));
}

static void complain_of_semantics(const char *word, const char *what)
{
	struct guess guess;

	guess_semantics(&guess, word);
	fprintf(stderr, "pfnsim: %s \"%s\"%s; pfnsim semantics lists them\n", what, word,
		guess_text(&guess));
}

size_t parse_semantics(const char *words, const struct semantics_patch **list, size_t room)
{
	size_t n = 0;

	while (*words) {
		size_t length = strcspn(words, ",");
		char word[64];

		snprintf(word, sizeof(word), "%.*s", (int)length, words);
		if (!add_word(list, room, &n, word)) {
			complain_of_semantics(word, "unknown semantics");
			return 0;
		}
		words += length + (words[length] == ',');
	}
	if (!n)
		fprintf(stderr, "pfnsim: no semantics named\n");
	return n;
}

const struct semantics_patch *take_one_semantics(const char *word)
{
	const struct semantics_patch *patch = semantics_find(word);

	if (patch)
		return patch;
	complain_of_semantics(word, is_group(word) || strchr(word, ',') ? "not one semantics:" :
							 "unknown semantics");
	exit(CODE_BAD_INPUT);
}

/* ---- numbers ---- */

bool take_number(const char **text, u64 *number)
{
	static const char units[] = "KMG";
	const char *unit;
	unsigned shift = 0;
	char *end;

	if (**text < '0' || **text > '9')
		return false;
	errno = 0;
	*number = strtoull(*text, &end, 0);
	unit = *end ? strchr(units, *end) : NULL;
	if (unit) {
		shift = 10 * (unit - units + 1);
		end++;
	}
	if (errno || *number > UINT64_MAX >> shift)
		return false;
	*number <<= shift;
	*text = end;
	return true;
}

unsigned parse_count(const char *text, unsigned most, const char *option, struct argp_state *state)
{
	u64 number;

	if (!take_number(&text, &number) || *text || !number || number > most)
		misused(state, "%s is a number from 1 to %u", option, most);
	return number;
}

bool parse_limits(const char *text, const struct limit *limits, size_t nr)
{
	while (*text) {
		size_t i = 0;

		while (i < nr && strncmp(text, limits[i].name, strlen(limits[i].name)))
			i++;
		if (i == nr)
			return false;
		text += strlen(limits[i].name);
		if (!take_number(&text, limits[i].value) || (*text && *text != ',') ||
		    *limits[i].value < limits[i].least || *limits[i].value > limits[i].most)
			return false;
		text += *text == ',';
	}
	return true;
}

bool parse_bound(const char *text, struct explore_bound *bound)
{
	const struct limit limits[] = {
		{ "depth=", 0, UINT64_MAX, &bound->depth },
		{ "states=", 0, UINT64_MAX, &bound->states },
		{ "memory=", 0, UINT64_MAX, &bound->memory },
	};

	return parse_limits(text, limits, ARRAY_SIZE(limits));
}

/* How many words from there on change nothing of what is printed: -q, -j N. */
static int words_of_no_weight(int argc, char **argv, int i)
{
	if (!strcmp(argv[i], "-q") || !strcmp(argv[i], "--quiet"))
		return 1;
	if (!strcmp(argv[i], "-j") || !strcmp(argv[i], "--jobs"))
		return argc - i > 1 ? 2 : 1;
	return !strncmp(argv[i], "-j", 2) || !strncmp(argv[i], "--jobs=", strlen("--jobs="));
}

void tool_command_line(int argc, char **argv, char *text, size_t size)
{
	size_t used = snprintf(text, size, "%s", argv[0]);

	for (int i = 1; i < argc && used < size; i++) {
		int skipped = words_of_no_weight(argc, argv, i);
		const char *quote = "";

		if (skipped) {
			i += skipped - 1;
			continue;
		}
		if (argv[i][strcspn(argv[i], " ;|&<>*?'\"$()")])
			quote = "'";
		used += snprintf(text + used, size - used, " %s%s%s", quote, argv[i], quote);
	}
}

/* ---- what comes with the program ---- */

/* Both an installation and a build have share/ beside the folder that the program is in. */
static char *traces_of_program(void)
{
	static const char folder[] = "/share/pfnsim/traces";
	char path[PATH_MAX + sizeof(folder)] = "", *slash;
	ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);

	for (int up = 0; up < 2 && length > 0; up++) {
		slash = strrchr(path, '/');
		if (!slash)
			return NULL;
		*slash = '\0';
	}
	strcat(path, folder);
	return length > 0 ? realpath(path, NULL) : NULL;
}

char *tool_traces(void)
{
	char *found = access("traces", R_OK) ? traces_of_program() : NULL;

	return found ? found : strdup("traces");
}

/* ---- time, and ^C ---- */

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

void tool_catch_interrupt(void)
{
	signal(SIGINT, on_interrupt);
}

const volatile sig_atomic_t *tool_interrupt(void)
{
	return &interrupted;
}

bool tool_is_interrupted(void)
{
	return interrupted;
}

double tool_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}
