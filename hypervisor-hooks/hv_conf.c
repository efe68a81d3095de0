/* hv_conf.c - see hv_conf.h. */
#include "hypervisor-hooks/hv_conf.h"

#include <stddef.h>
#include <unistd.h>

#include "common/base/base.h"
#include "common/base/conf.h"

#define AT(member) offsetof(struct hv_conf, member)
static const struct conf_key keys[] = {
	{ "control", CONF_STRING, AT(control), .min = 1, .max = HV_PATH_MAX,
	    .def = RUNSTATEDIR "/mrd/mrd.ctl", .doc = "Where mrd listens." },
	{ "deadline", CONF_MS, AT(deadline_ms), .min = 100, .max = 30000, .def = "2s",
	    .doc = "How long a migration may be held up by the question whether the guest may come "
		   "here. It has to be longer than mrd waits for the home agent." },
	{ "insist", CONF_BOOL, AT(insist), .def = "yes",
	    .doc =
		"Stop a migration that mrd refuses, or about which it says nothing in time. With "
		"no, it is said in the log, and the migration goes on." },
	{ "libvirt", CONF_STRING, AT(libvirt), .min = 1, .max = HV_URI_MAX, .def = "qemu:///system",
	    .doc = "The libvirt that the watcher watches." },
	{ "watched", CONF_STRING, AT(watched), .min = 1, .max = HV_PATH_MAX,
	    .def = RUNSTATEDIR "/mrd/watched",
	    .doc = "The watcher's run-time file: the guests that it has told mrd of." },
};
#undef AT

static void *
begin(void *ctx, const char *title, const struct conf_where *where)
{
	(void)title;
	(void)where;
	return ctx;
}

static const void *
get(const void *ctx, size_t i, const char **ret_title)
{
	(void)ret_title;
	return i == 0 ? ctx : NULL;
}

static const struct conf_section section = {
	.keys = keys,
	.n_keys = countof(keys),
	.doc = "What concerns the programs beside a hypervisor.",
	.begin = begin,
	.get = get,
};

int
hv_conf_load(const char *file, struct hv_conf *ret_conf)
{
	struct hv_conf conf = { 0 };
	int r = 0;

	conf_defaults(keys, countof(keys), &conf);
	if (file || access(HV_CONF_FILE, F_OK) == 0)
		r = conf_load(file ? file : HV_CONF_FILE, &section, 1, &conf);
	if (r == 0)
		*ret_conf = conf;
	return r;
}

int
hv_conf_print_doc(FILE *out)
{
	return conf_print_doc(out, &section, 1);
}
