// SPDX-License-Identifier: GPL-2.0-only
/*
 * pfnlab: a driver that hands out pages in every way that drivers do, and tells what became of
 * them and of the tables that map them. ../pfnlab.h is its interface.
 */
#include <linux/kprobes.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/uaccess.h>

#include "driver.h"

static DEFINE_MUTEX(lock);

/* kallsyms_lookup_name() is not exported; a kprobe finds what it is set on. */
void *symbol(const char *name)
{
	struct kprobe probe = { .symbol_name = name };
	void *address;

	if (register_kprobe(&probe))
		return NULL;
	address = probe.addr;
	unregister_kprobe(&probe);
	return address;		/* it may lie behind an ENDBR, where a call may start as well */
}

static long drain(void)
{
	static void (*all)(void);

	if (!all)
		all = symbol("lru_add_drain_all");
	if (!all)
		return -ENOSYS;
	all();
	return 0;
}

/* Drivers do not wait for each other here: our own lock is not held. */
static long zap(struct file *file, const struct pfnlab_object *request,
		const struct object *object)
{
	loff_t start = ((loff_t)request->object << PFNLAB_OBJECT_SHIFT) +
		       ((loff_t)request->index << PAGE_SHIFT);
	unsigned long pages = request->pages ? request->pages : object->pages;

	mutex_unlock(&lock);
	unmap_mapping_range(file->f_mapping, start, (loff_t)pages << PAGE_SHIFT, 1);
	mutex_lock(&lock);
	return 0;
}

static long repoint(const struct pfnlab_object *request, struct object *object)
{
	struct object *other = object_of(request->other);

	if (!other || request->other_index >= other->pages)
		return -EINVAL;
	object->pfn[request->index] = other->pfn[request->other_index];
	return 0;
}

static long add_refs(const struct pfnlab_object *request, const struct object *object)
{
	unsigned long pfn = object->pfn[request->index];

	if (!pfn_valid(pfn))
		return -EINVAL;
	page_ref_add(pfn_to_page(pfn), request->delta);
	return 0;
}

static long on_object(struct file *file, unsigned int command, struct pfnlab_object *request)
{
	struct object *object = object_of(request->object);

	if (!object)
		return -EINVAL;
	if (command == PFNLAB_MODE) {	/* also of one that is to be allocated */
		if (request->mode >= NR_MODES)
			return -EINVAL;
		object->mode = request->mode;
		return 0;
	}
	if (command == PFNLAB_ZAP)
		return zap(file, request, object);
	if (request->index >= object->pages)
		return -EINVAL;
	switch (command) {
	case PFNLAB_FREE:
		return object_free(object);
	case PFNLAB_REPOINT:
		return repoint(request, object);
	case PFNLAB_REF:
		return add_refs(request, object);
	default:
		return 0;
	}
}

static long object_ioctl(struct file *file, unsigned int command, void __user *argument)
{
	struct pfnlab_object request;
	struct object *object;
	long result;

	if (copy_from_user(&request, argument, sizeof(request)))
		return -EFAULT;
	mutex_lock(&lock);
	result = on_object(file, command, &request);
	object = object_of(request.object);
	if (!result && object && request.index < object->pages)
		page_fill(&request.page, object->pfn[request.index]);
	mutex_unlock(&lock);
	if (!result && copy_to_user(argument, &request, sizeof(request)))
		return -EFAULT;
	return result;
}

static long alloc_ioctl(void __user *argument)
{
	struct pfnlab_alloc request;
	long result;

	if (copy_from_user(&request, argument, sizeof(request)))
		return -EFAULT;
	mutex_lock(&lock);
	result = object_alloc(&request);
	mutex_unlock(&lock);
	if (!result && copy_to_user(argument, &request, sizeof(request)))
		return -EFAULT;
	return result;
}

/* What only looks, or calls KVM */
static long look_ioctl(unsigned int command, void __user *argument)
{
	union {
		struct pfnlab_page page;
		struct pfnlab_walk walk;
		struct pfnlab_lookup lookup;
		struct pfnlab_stop stop;
	} request;
	size_t size = _IOC_SIZE(command);
	long result = 0;

	if (size > sizeof(request) || copy_from_user(&request, argument, size))
		return -EFAULT;
	switch (command) {
	case PFNLAB_PAGE:
		page_fill(&request.page, request.page.pfn);
		break;
	case PFNLAB_HOST:
		result = walk_host(&request.walk);
		break;
	case PFNLAB_STAGE2:
		walk_stage2(&request.walk);
		break;
	case PFNLAB_LOOKUP:
		result = lookup_run(&request.lookup);
		break;
	case PFNLAB_STOP:
		result = stop_run(&request.stop);
		break;
	default:
		return -ENOTTY;
	}
	if (!result && copy_to_user(argument, &request, size))
		return -EFAULT;
	return result;
}

static long pfnlab_ioctl(struct file *file, unsigned int command, unsigned long argument)
{
	void __user *at = (void __user *)argument;

	switch (command) {
	case PFNLAB_ALLOC:
		return alloc_ioctl(at);
	case PFNLAB_FREE:
	case PFNLAB_MODE:
	case PFNLAB_ZAP:
	case PFNLAB_REPOINT:
	case PFNLAB_REF:
	case PFNLAB_INDEX:
		return object_ioctl(file, command, at);
	case PFNLAB_DRAIN:
		return drain();
	default:
		return look_ioctl(command, at);
	}
}

static int pfnlab_release(struct inode *inode, struct file *file)
{
	stops_release();
	mutex_lock(&lock);
	objects_release();
	mutex_unlock(&lock);
	return 0;
}

static const struct file_operations operations = {
	.owner = THIS_MODULE,
	.mmap = mapping_mmap,
	.release = pfnlab_release,
	.unlocked_ioctl = pfnlab_ioctl,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "pfnlab",
	.fops = &operations,
	.mode = 0666,
};

static int __init pfnlab_init(void)
{
	int error = probes_set();

	if (!error)
		error = misc_register(&device);
	if (error)
		probes_remove();
	return error;
}

static void __exit pfnlab_exit(void)
{
	misc_deregister(&device);
	probes_remove();
}

module_init(pfnlab_init);
module_exit(pfnlab_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Pages of every kind, for a lab that looks at KVM");
