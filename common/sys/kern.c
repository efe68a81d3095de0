/* kern.c - see kern.h; the map of the files behind it is in kern_int.h */
#include "common/sys/kern.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "common/base/log.h"
#include "common/sys/kern_int.h"

/* ---- objects ---- */

static bool
is_datapath_kind(enum kobj_kind kind)
{
	return kind == KOBJ_TUNNEL || kind == KOBJ_PASS;
}

static void
said(const char *verb, const struct kobj *o, int r)
{
	char text[KOBJ_TEXT_MAX];

	if (log_debug_is_on("kern"))
		log_debug("kern", verb, "object=\"%s\" error=\"%s\"", kobj_text(o, text),
		    r < 0 ? strerror(-r) : "none");
}

int
kern_set(void *kern, const struct kobj *o)
{
	struct kern *k = kern;
	int r = is_datapath_kind(o->kind) ? k->ops->set(k, o) : kern_rtnl_set(k, o);

	if (r == -EEXIST)
		r = 0;
	said("set", o, r);
	return r;
}

/* What the kernel calls the absence of a thing, by kind of thing. */
static bool
is_absence(int error)
{
	return error == -ESRCH || error == -ENOENT || error == -EADDRNOTAVAIL || error == -ENODEV ||
	       error == -ENXIO;
}

int
kern_clear(void *kern, const struct kobj *o)
{
	struct kern *k = kern;
	int r = is_datapath_kind(o->kind) ? k->ops->clear(k, o) : kern_rtnl_clear(k, o);

	if (is_absence(r))
		r = 0;
	said("clear", o, r);
	return r;
}

int
kern_dump(struct kern *k, struct plan *ret_found)
{
	k->ops->dump(k, ret_found);
	return kern_rtnl_dump(k, ret_found);
}

int
kern_tunnel_info(
    const struct kern *k, const struct kobj_tunnel *t, struct kern_tunnel_info *ret_info)
{
	return k->ops->info(k, t, ret_info);
}

/* ---- counters ---- */

/* The names in `show counters`; explained in doc/datapath.md. */
const char *const kern_count_names[KERN_COUNTS] = {
	[KERN_COUNT_MH_IN] = "signalling-in",
	[KERN_COUNT_MH_MALFORMED] = "signalling-malformed",
	[KERN_COUNT_MH_OUT] = "signalling-out",
	[KERN_COUNT_MH_OUT_FAILED] = "signalling-out-failed",
	[KERN_COUNT_FRAME_IN] = "frame-in",
	[KERN_COUNT_FRAME_OUT] = "frame-out",
	[KERN_COUNT_TUNNEL_UNKNOWN_SOURCE] = "tunnel-unknown-source",
	[KERN_COUNT_TUNNEL_MALFORMED] = "tunnel-malformed",
	[KERN_COUNT_TUNNEL_LINK_LOCAL] = "tunnel-link-local",
	[KERN_COUNT_TUNNEL_ECN] = "tunnel-ecn",
	[KERN_COUNT_TUNNEL_DEVICE] = "tunnel-device",
	[KERN_COUNT_PASS_SOURCE] = "pass-source",
	[KERN_COUNT_PASS_DESTINATION] = "pass-destination",
	[KERN_COUNT_PASS_LATE] = "pass-late",
	[KERN_COUNT_ENCAP_MALFORMED] = "encap-malformed",
	[KERN_COUNT_ENCAP_LINK_LOCAL] = "encap-link-local",
	[KERN_COUNT_ENCAP_LOOP] = "encap-loop",
	[KERN_COUNT_ENCAP_LIMIT] = "encap-limit",
	[KERN_COUNT_ENCAP_FAILED] = "encap-failed",
	[KERN_COUNT_ERROR_RELAYED] = "error-relayed",
	[KERN_COUNT_ERROR_SUPPRESSED] = "error-suppressed",
	[KERN_COUNT_PATH_MTU] = "path-mtu-changed",
	[KERN_COUNT_PATH_NARROW] = "path-too-narrow",
	[KERN_COUNT_KEEP_SENT] = "kept-sent-on",
	[KERN_COUNT_KEEP_FAILED] = "kept-not-sent",
	[KERN_COUNT_KEEP_OVERFLOW] = "kept-overflow",
	[KERN_COUNT_LOST] = "reconcile-asked",
};

void
kern_counters(const struct kern *k, void (*fn)(void *ctx, const char *name, uint64_t n), void *ctx)
{
	uint64_t counts[KERN_COUNTS];

	memcpy(counts, k->counts, sizeof(counts));
	if (k->ops->count)
		k->ops->count(k, counts);
	for (size_t i = 0; i < KERN_COUNTS; i++)
		fn(ctx, kern_count_names[i], counts[i]);
}

/* ---- the object ---- */

void
kern_emit(struct kern *k, const struct kern_event *e)
{
	k->opts.event(k->opts.ctx, e);
}

const char *
kern_datapath_name(const struct kern *k)
{
	return k->ops->name;
}

static int
choose(struct kern *k)
{
	const char *why = "configured";

	k->ops = &kern_kernel_ops;
	if (k->opts.datapath == KERN_PORTABLE) {
		k->ops = &kern_portable_ops;
	} else {
		const char *lacking = kern_probe(k);

		if (k->opts.datapath == KERN_KERNEL && lacking) {
			log_err("kern", "datapath not available", "datapath=kernel because=\"%s\"",
			    lacking);
			return -EPROTONOSUPPORT;
		}
		if (lacking)
			k->ops = &kern_portable_ops;
		if (k->opts.datapath == KERN_AUTO)
			why = lacking ? lacking : "the kernel has all it takes";
	}
	log_info("kern", "datapath", "datapath=%s because=\"%s\"", k->ops->name, why);
	return 0;
}

/* A descriptor or two per tunnel and guest's link: the usual soft limit of 1024 is low. */
static void
raise_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit); /* too few show as EMFILE when it comes to it */
}

/* In this order: what fails for want of a capability comes first. */
static const struct part {
	const char *name;
	int (*open)(struct kern *k);
} parts[] = {
	{ "signalling", kern_mh_open },
	{ "frames", kern_frame_open },
	{ "monitor", kern_monitor_open },
	{ "filter", kern_nft_open },
};

static int
open_parts(struct kern *k)
{
	int r;

	for (size_t i = 0; i < countof(parts); i++) {
		r = parts[i].open(k);
		if (r < 0) {
			log_err("kern", "cannot open", "part=%s error=\"%s\"", parts[i].name,
			    strerror(-r));
			return r;
		}
	}
	r = k->ops->open(k);
	if (r == 0)
		r = kern_raw_open_mobile(k);
	if (r < 0)
		log_err("kern", "cannot open", "part=%s error=\"%s\"", k->ops->name, strerror(-r));
	return r;
}

int
kern_open(struct kern **ret_kern, struct ev_loop *loop, const struct kern_opts *opts)
{
	struct kern *k = calloc(1, sizeof(*k));
	int r;

	if (!k)
		return -ENOMEM;
	k->loop = loop;
	k->opts = *opts;
	snprintf(k->name, sizeof(k->name), "%s", opts->name);
	k->opts.name = k->name;
	k->nl.fd = -1;
	k->mh.in = k->mh.out = k->mh.icmp = k->mh.raw = k->mh.mobile = -1;
	k->frames.fd = -1;
	kern_monitor_init(k);
	kern_keep_init(k);
	kern_nft_init(k);
	kern_mtu_open(k);
	raise_files();
	r = kern_nl_open(&k->nl, NETLINK_ROUTE);
	if (r < 0)
		log_err("kern", "cannot open netlink", "error=\"%s\"", strerror(-r));
	if (r == 0)
		r = choose(k);
	if (r == 0)
		r = open_parts(k);
	if (r < 0) {
		kern_close(k);
		return r;
	}
	*ret_kern = k;
	return 0;
}

void
kern_close(struct kern *k)
{
	if (!k)
		return;
	if (k->ops && k->ops->stays && k->ops->stays(k))
		k->filter.has_table = false; /* it is not ours to delete any more */
	if (k->ops)
		k->ops->close(k);
	kern_keep_close(k);
	kern_frame_close(k);
	kern_mh_close(k);
	kern_monitor_close(k);
	kern_mtu_close(k);
	kern_nft_close(k);
	kern_nl_close(&k->nl);
	free(k);
}
