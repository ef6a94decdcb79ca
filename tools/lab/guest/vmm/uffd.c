/* SPDX-License-Identifier: GPL-2.0-only */
/* uffd.c: a userfaultfd, whose questions are told to the actor that asks (actor.c). */
#define _GNU_SOURCE
#include "vmm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of headers newer than the oldest that it is built with */
#define FEATURE_THREAD_ID	(1ull << 8)
#define FEATURE_WP_UNPOPULATED	(1ull << 13)
#define FEATURE_WP_ASYNC	(1ull << 15)
#define MODE_MISSING		(1ull << 0)
#define MODE_WP			(1ull << 1)
#define MODE_MINOR		(1ull << 2)

static int uffd_open(struct vmm *vmm, const char *modes)
{
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = FEATURE_THREAD_ID |
			    (strstr(modes, "unpopulated") ? FEATURE_WP_UNPOPULATED : 0) |
			    (strstr(modes, "async") ? FEATURE_WP_ASYNC : 0),
	};
	int error = 0;

	if (vmm->uffd >= 0)
		return 0;
	vmm->uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (vmm->uffd < 0)
		return errno;
	if (ioctl(vmm->uffd, UFFDIO_API, &api)) {
		error = errno;
		close(vmm->uffd);
		vmm->uffd = -1;
	}
	return error;
}

static struct actor *actor_by_id(struct vmm *vmm, int id)
{
	for (size_t i = 0; i < MAX_ACTORS; i++)
		if (*vmm->actor[i].name && vmm->actor[i].id == id)
			return &vmm->actor[i];
	return NULL;
}

void uffd_read(struct vmm *vmm)
{
	struct uffd_msg message;
	struct actor *actor;

	while (vmm->uffd >= 0 && read(vmm->uffd, &message, sizeof(message)) == sizeof(message)) {
		if (message.event != UFFD_EVENT_PAGEFAULT)
			continue;
		actor = actor_by_id(vmm, message.arg.pagefault.feat.ptid);
		if (!actor)
			continue;
		snprintf(actor->asked, sizeof(actor->asked), "PENDING addr=0x%llx%s%s%s",
			 (unsigned long long)message.arg.pagefault.address & ~0xfffull,
			 message.arg.pagefault.flags & 1 ? " write" : "",
			 message.arg.pagefault.flags & 2 ? " wp" : "",
			 message.arg.pagefault.flags & 4 ? " minor" : "");
		actor->asks = true;
	}
}

int uffd_wake(struct vmm *vmm, uint64_t hva, uint64_t size)
{
	struct uffdio_range range = { .start = hva, .len = size };

	return ioctl(vmm->uffd, UFFDIO_WAKE, &range) ? errno : 0;
}

/* uffd VERB ADDRESS LENGTH ... */
struct range { uint64_t hva, size; };

static struct range range_of(struct vmm *vmm, const struct args *args)
{
	return (struct range){ arg_address(vmm, args, 2), arg_number(args, 3) };
}

static int call(struct vmm *vmm, unsigned long request, void *argument)
{
	return ioctl(vmm->uffd, request, argument) ? errno : 0;
}

static int reg(struct vmm *vmm, const struct args *args)
{
	struct range range = range_of(vmm, args);
	const char *modes = arg(args, 4);
	struct uffdio_register request = {
		.range = { range.hva, range.size },
		.mode = (strstr(modes, "missing") ? MODE_MISSING : 0) |
			(strstr(modes, "wp") ? MODE_WP : 0) |
			(strstr(modes, "minor") ? MODE_MINOR : 0),
	};
	int error = uffd_open(vmm, modes);

	return error ? error : call(vmm, UFFDIO_REGISTER, &request);
}

static int unreg(struct vmm *vmm, const struct args *args)
{
	struct range range = range_of(vmm, args);
	struct uffdio_range request = { range.hva, range.size };

	return call(vmm, UFFDIO_UNREGISTER, &request);
}

static int protect(struct vmm *vmm, const struct args *args)
{
	struct { struct uffdio_range range; uint64_t mode; } request = { .mode = 1 };
	struct range range = range_of(vmm, args);

	request.range = (struct uffdio_range){ range.hva, range.size };
	if (*arg(args, 1) == 'u')
		request.mode = arg_option(args, "dontwake", NULL) ? 2 : 0;
	return call(vmm, _IOWR(UFFDIO, 0x06, request), &request);
}

static int copy(struct vmm *vmm, const struct args *args)
{
	struct range range = range_of(vmm, args);
	struct uffdio_copy request = {
		.dst = range.hva, .src = arg_address(vmm, args, 4), .len = range.size,
		.mode = (arg_option(args, "dontwake", NULL) ? 1 : 0) |
			(arg_option(args, "wp", NULL) ? 2 : 0),
	};

	return call(vmm, UFFDIO_COPY, &request);
}

static int zero(struct vmm *vmm, const struct args *args)
{
	struct range range = range_of(vmm, args);
	struct uffdio_zeropage request = {
		.range = { range.hva, range.size },
		.mode = arg_option(args, "dontwake", NULL) ? 1 : 0,
	};

	return call(vmm, UFFDIO_ZEROPAGE, &request);
}

static uint64_t wake_mode(const struct args *args)
{
	return arg_option(args, "dontwake", NULL) ? 1 : 0;
}

static int continue_(struct vmm *vmm, const struct args *args)
{
	struct { struct uffdio_range range; uint64_t mode; int64_t mapped; } request = {
		.mode = wake_mode(args) | (arg_option(args, "wp", NULL) ? 2 : 0),
	};
	struct range range = range_of(vmm, args);

	request.range = (struct uffdio_range){ range.hva, range.size };
	return call(vmm, _IOWR(UFFDIO, 0x07, request), &request);
}

static int poison(struct vmm *vmm, const struct args *args)
{
	struct { struct uffdio_range range; uint64_t mode; int64_t updated; } request = {
		.mode = wake_mode(args),
	};
	struct range range = range_of(vmm, args);

	request.range = (struct uffdio_range){ range.hva, range.size };
	return call(vmm, _IOWR(UFFDIO, 0x08, request), &request);
}

static int move(struct vmm *vmm, const struct args *args)
{
	struct { uint64_t to, from, size, mode; int64_t moved; } request = {
		.mode = wake_mode(args) | (arg_option(args, "holes", NULL) ? 2 : 0),
	};
	struct range range = range_of(vmm, args);

	request.to = range.hva;
	request.size = range.size;
	request.from = arg_address(vmm, args, 4);
	return call(vmm, _IOWR(UFFDIO, 0x05, request), &request);
}

static int wake(struct vmm *vmm, const struct args *args)
{
	struct range range = range_of(vmm, args);

	return uffd_wake(vmm, range.hva, range.size);
}

static void do_uffd(struct vmm *vmm, const struct args *args)
{
	static const struct {
		const char *name;
		int (*run)(struct vmm *vmm, const struct args *args);
	} verbs[] = {
		{ "reg", reg }, { "unreg", unreg }, { "wp", protect }, { "unwp", protect },
		{ "copy", copy }, { "zero", zero }, { "continue", continue_ },
		{ "poison", poison }, { "move", move }, { "wake", wake },
	};

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(verbs[i].name, arg(args, 1))) {
			answer_error(vmm, verbs[i].run(vmm, args));
			return;
		}
	answer(vmm, "UNKNOWN");
}

const struct command uffd_commands[] = {
	{ "uffd", do_uffd },
	{ NULL, NULL },
};
