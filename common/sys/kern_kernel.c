/*
 * kern_kernel.c - the kernel datapath: the kernel forwards, we tell it what (see kern_int.h).
 *
 * Tunnels are ip6tnl devices (kern_ip6tnl.c). What may come out of them is the packet
 * filter's business: the way back to the source must lead into the tunnel that the packet
 * came by, or the destination is in a set (kern_guard.c). Mobile IPv6's headers are let in
 * by XFRM (kern_xfrm.c) and read from a raw socket (kern_raw.c).
 *
 * All of it outlives the process. After a restart the devices are taken over as they are,
 * the sets as they are for ADOPT_S, and the rules replaced in one transaction, so that not
 * a packet is lost.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1 /* then the item's .tbl is NULL, and it is not in */
#include <uthash.h>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/sys/kern_guard.h"
#include "common/sys/kern_ip6tnl.h"
#include "common/sys/kern_link.h"
#include "common/sys/kern_set.h"
#include "common/sys/kern_xfrm.h"

#define ADOPT_S 5. /* by then whoever wants a pass has said so */

struct tnl {
	struct kobj_tunnel ends; /* key of by_ends */
	struct kern_ip6tnl link;
	unsigned index;	  /* key of by_index; of link */
	bool was_sourced; /* so said the filter when we took it over */
	struct kern_mtu mtu;
	struct kern_guard guard;
	UT_hash_handle by_ends, by_index;
};

struct kernel {
	struct kern *k;
	struct tnl *by_ends, *by_index; /* heads; the first owns */
	struct kern_xfrm xfrm;
	struct ev_timer adopt;
	uint64_t counts[KERN_COUNTS]; /* of devices that are gone; less what they brought along */
	uint64_t filter_was[KERN_COUNTS]; /* what the filter had counted when we took it over */
};

/* ---- sets ---- */

/* By identity: each name is one object. */
static const char ends_set[] = "ends", sourced_set[] = "sourced", destination_set[] = "destination",
		  source_late_set[] = "source-late", destination_late_set[] = "destination-late";

static const char *const set_names[KERN_GUARD_SETS] = {
	[KERN_GUARD_DESTINATION] = destination_set,
	[KERN_GUARD_SOURCE_LATE] = source_late_set,
	[KERN_GUARD_DESTINATION_LATE] = destination_late_set,
};

static const char *const sets[] = { ends_set, sourced_set, destination_set, source_late_set,
	destination_late_set };

/* What a set was found to have. */
struct found {
	UT_hash_handle hh;
	struct element_key {
		const char *set;
		uint8_t key[KERN_SET_KEY_MAX], end[KERN_SET_KEY_MAX];
	} key;
	struct kern_element e;
};

struct emission {
	struct kern_batch b;
	unsigned index;
	struct found *found; /* a head; what is here need not be said, and is taken out */
};

static struct element_key
element_key(const char *set, const struct kern_element *e)
{
	struct element_key key;

	memset(&key, 0, sizeof(key));
	key.set = set;
	memcpy(key.key, e->key, e->n);
	memcpy(key.end, e->end, e->n);
	return key;
}

static void
emit(struct emission *m, const char *set, const struct kern_element *e, bool on)
{
	const struct element_key key = element_key(set, e);
	struct found *f;

	HASH_FIND(hh, m->found, &key, sizeof(key), f);
	if (f) {
		HASH_DEL(m->found, f);
		free(f);
	} else {
		kern_batch_element(&m->b, set, e, on);
	}
}

/* In an interval all is in the network's order: nft converts the index in the rule, too. */
static void
emit_pass(void *ctx, enum kern_guard_set set, const struct ip6_prefix *p, bool on)
{
	struct emission *m = ctx;
	const uint32_t index = htonl(m->index);
	struct kern_element e = { .n = sizeof(index) + sizeof(p->addr), .is_interval = true };
	struct in6_addr last = p->addr;

	for (unsigned bit = p->len; bit < 128; bit++)
		last.s6_addr[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	memcpy(e.key, &index, sizeof(index));
	memcpy(e.end, &index, sizeof(index));
	memcpy(e.key + sizeof(index), &p->addr, sizeof(p->addr));
	memcpy(e.end + sizeof(index), &last, sizeof(last));
	emit(m, set_names[set], &e, on);
}

static void
emit_ends(struct emission *m, const struct kobj_tunnel *ends, bool on)
{
	struct kern_element e = { .n = sizeof(*ends) };

	memcpy(e.key, ends, sizeof(*ends));
	emit(m, ends_set, &e, on);
}

static void
emit_sourced(struct emission *m, bool on)
{
	struct kern_element e = { .n = sizeof(m->index) };

	memcpy(e.key, &m->index, sizeof(m->index));
	emit(m, sourced_set, &e, on);
}

static bool
is_by_source(const struct tnl *t)
{
	return t->was_sourced || kern_guard_is_by_source(&t->guard);
}

static void
emit_all(struct emission *m, const struct tnl *t, bool on)
{
	m->index = t->index;
	emit_ends(m, &t->ends, on);
	if (is_by_source(t))
		emit_sourced(m, on);
	kern_guard_each(&t->guard, on, emit_pass, m);
}

static void
emission_begin(struct kernel *dp, struct emission *m, unsigned index)
{
	*m = (struct emission){ .index = index };
	kern_batch_begin(&m->b, dp->k->filter.table);
}

/* All sets as they should be, whatever is in them. */
static int
rewrite(struct kernel *dp)
{
	struct tnl *t, *next;
	struct emission m;

	emission_begin(dp, &m, 0);
	for (size_t i = 0; i < countof(sets); i++)
		kern_batch_flush(&m.b, sets[i]);
	HASH_ITER (by_ends, dp->by_ends, t, next)
		emit_all(&m, t, true);
	return kern_batch_send(&m.b, &dp->k->filter.nl);
}

/* If the sets are not what we think, everything is said again. */
static int
emission_end(struct kernel *dp, struct emission *m)
{
	int r = kern_batch_send(&m->b, &dp->k->filter.nl);

	return r < 0 ? rewrite(dp) : 0;
}

static void
note_found(void *ctx, const char *set, const struct kern_element *e)
{
	const struct element_key key = element_key(set, e);
	struct emission *m = ctx;
	struct found *f;

	HASH_FIND(hh, m->found, &key, sizeof(key), f);
	if (f)
		return; /* the list was read again */
	f = calloc(1, sizeof(*f));
	if (!f) {
		m->b.bad = true;
		return;
	}
	f->e = *e;
	f->key = key;
	HASH_ADD(hh, m->found, key, sizeof(f->key), f);
	if (!f->hh.tbl) {
		m->b.bad = true;
		free(f);
	}
}

/*
 * What nobody has asked for goes; nothing else is touched. A rewrite would not do: between
 * flushing a set of intervals and filling it again, in one transaction, Linux 6.1 lets
 * packets find it empty, and guests that have nothing to do with it lose some.
 */
static int
sweep(struct kernel *dp)
{
	struct emission m;
	struct tnl *t, *next;
	struct found *f, *after;
	int r = 0;

	emission_begin(dp, &m, 0);
	for (size_t i = 0; i < countof(sets) && r == 0; i++)
		r = kern_set_each(&dp->k->filter.nl, dp->k->filter.table, sets[i], note_found, &m);
	HASH_ITER (by_ends, dp->by_ends, t, next)
		emit_all(&m, t, true);
	HASH_ITER (hh, m.found, f, after) {
		kern_batch_element(&m.b, f->key.set, &f->e, false);
		HASH_DEL(m.found, f);
		free(f);
	}
	m.b.bad |= r < 0;
	return emission_end(dp, &m);
}

static void
on_adopt(struct ev_loop *loop, struct ev_timer *w, int revents)
{
	struct kernel *dp = container_of(w, struct kernel, adopt);
	int r = sweep(dp);

	(void)loop;
	(void)revents;
	if (r < 0)
		log_err("kern", "cannot sweep the filter's sets", "error=\"%s\"", strerror(-r));
}

/* ---- tunnels ---- */

static struct tnl *
find(const struct kernel *dp, const struct kobj_tunnel *ends)
{
	struct tnl *t;

	HASH_FIND(by_ends, dp->by_ends, ends, sizeof(*ends), t);
	return t;
}

static struct tnl *
find_index(const struct kernel *dp, unsigned index)
{
	struct tnl *t;

	HASH_FIND(by_index, dp->by_index, &index, sizeof(index), t);
	return t;
}

/* Add to the counts what the device has counted, or take it away. */
static void
settle(struct kernel *dp, const struct tnl *t, bool add)
{
	struct kern_ip6tnl_stats s;
	uint64_t sign = add ? 1 : UINT64_MAX; /* arithmetic modulo 2^64 */

	if (kern_ip6tnl_stats(dp->k, t->index, &s) < 0)
		return;
	dp->counts[KERN_COUNT_TUNNEL_ECN] += sign * s.ecn;
	dp->counts[KERN_COUNT_ENCAP_LOOP] += sign * s.loop;
	dp->counts[KERN_COUNT_ENCAP_FAILED] += sign * s.no_route;
}

static int
link_attach(struct kernel *dp, struct tnl *t, const struct kern_ip6tnl *link)
{
	t->link = *link;
	t->index = link->index;
	t->mtu.ends = t->ends;
	t->mtu.index = link->index;
	t->mtu.octets = link->mtu;
	HASH_ADD(by_index, dp->by_index, index, sizeof(t->index), t);
	if (!t->by_index.tbl) {
		t->index = 0;
		return -ENOMEM;
	}
	kern_mtu_watch(dp->k, &t->mtu);
	return 0;
}

/* The elements that name the device go with it. */
static void
link_detach(struct kernel *dp, struct tnl *t)
{
	struct emission m;

	if (t->index == 0)
		return;
	emission_begin(dp, &m, t->index);
	emit_all(&m, t, false);
	kern_mtu_forget(dp->k, &t->mtu);
	HASH_DELETE(by_index, dp->by_index, t);
	t->index = 0;
	/* An error here is of a set that somebody else has emptied. */
	(void)kern_batch_send(&m.b, &dp->k->filter.nl);
}

static struct tnl *
tnl_new(struct kernel *dp, const struct kobj_tunnel *ends)
{
	struct tnl *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->ends = *ends;
	kern_guard_init(&t->guard);
	HASH_ADD(by_ends, dp->by_ends, ends, sizeof(t->ends), t);
	if (t->by_ends.tbl)
		return t;
	free(t);
	return NULL;
}

static void
tnl_free(struct kernel *dp, struct tnl *t)
{
	if (t->index != 0) {
		kern_mtu_forget(dp->k, &t->mtu);
		HASH_DELETE(by_index, dp->by_index, t);
	}
	HASH_DELETE(by_ends, dp->by_ends, t);
	kern_guard_done(&t->guard);
	free(t);
}

/* A device for t, which has none. */
static int
link_make(struct kernel *dp, struct tnl *t)
{
	char local[TEXT_ADDR_MAX], remote[TEXT_ADDR_MAX];
	struct kern_ip6tnl link;
	struct emission m;
	int r;

	r = kern_ip6tnl_make(dp->k, &t->ends, &link);
	if (r < 0)
		return r;
	r = link_attach(dp, t, &link);
	if (r == 0) {
		emission_begin(dp, &m, t->index);
		emit_all(&m, t, true);
		r = emission_end(dp, &m);
	}
	if (r < 0) {
		link_detach(dp, t);
		(void)kern_ip6tnl_delete(dp->k, link.index);
		return r;
	}
	log_info("kern", "tunnel open", "dev=%s local=%s remote=%s mtu_octets=%u", link.dev,
	    text_addr(&t->ends.local, local), text_addr(&t->ends.remote, remote), link.mtu);
	return 0;
}

static bool
is_there(const struct kernel *dp, const struct tnl *t)
{
	char name[KOBJ_DEV_MAX];

	return t->index != 0 && kern_link_name(dp->k, t->index, name);
}

static int
set_tunnel(struct kernel *dp, const struct kobj_tunnel *ends)
{
	struct tnl *t = find(dp, ends);
	int r;

	if (t && is_there(dp, t))
		return kern_link_is_up(dp->k, t->index) ? 0 : kern_ip6tnl_repair(dp->k, &t->link);
	/* RFC 2473 4.1.2: not to ourselves. */
	if (ip6_equal(&ends->local, &ends->remote) || kern_is_own(dp->k, &ends->remote))
		return -ELOOP;
	if (t) {
		link_detach(dp, t);
		return link_make(dp, t);
	}
	t = tnl_new(dp, ends);
	if (!t)
		return -ENOMEM;
	r = link_make(dp, t);
	if (r < 0)
		tnl_free(dp, t);
	return r;
}

static int
clear_tunnel(struct kernel *dp, struct tnl *t)
{
	unsigned index = t->index;
	int r;

	settle(dp, t, true);
	link_detach(dp, t);
	r = index == 0 ? 0 : kern_ip6tnl_delete(dp->k, index);
	log_info("kern", "tunnel closed", "dev=%s", t->link.dev);
	tnl_free(dp, t);
	return r;
}

/* ---- kern_datapath_ops ---- */

static int
set_pass(struct kernel *dp, struct tnl *t, const struct kobj_pass *pass)
{
	bool was_sourced = is_by_source(t);
	struct emission m;
	int r;

	emission_begin(dp, &m, t->index);
	r = kern_guard_set(&t->guard, pass, emit_pass, &m);
	if (r == 0 && !was_sourced && is_by_source(t))
		emit_sourced(&m, true);
	if (r == 0)
		r = emission_end(dp, &m);
	else
		(void)kern_batch_send(&m.b, &dp->k->filter.nl); /* it is empty */
	return r;
}

static int
clear_pass(struct kernel *dp, struct tnl *t, const struct kobj_pass *pass)
{
	bool was_sourced = is_by_source(t);
	struct emission m;

	emission_begin(dp, &m, t->index);
	kern_guard_clear(&t->guard, pass, emit_pass, &m);
	if (was_sourced && !is_by_source(t))
		emit_sourced(&m, false);
	return emission_end(dp, &m);
}

static int
set(struct kern *k, const struct kobj *o)
{
	struct tnl *t;

	if (o->kind == KOBJ_TUNNEL)
		return set_tunnel(k->kernel, &o->tunnel);
	t = find(k->kernel, &o->pass.tunnel);
	return t && t->index != 0 ? set_pass(k->kernel, t, &o->pass) : -ENODEV;
}

static int
clear(struct kern *k, const struct kobj *o)
{
	struct tnl *t = find(k->kernel, o->kind == KOBJ_TUNNEL ? &o->tunnel : &o->pass.tunnel);

	if (!t)
		return 0;
	return o->kind == KOBJ_TUNNEL ? clear_tunnel(k->kernel, t)
				      : clear_pass(k->kernel, t, &o->pass);
}

static void
dump(struct kern *k, struct plan *ret_found)
{
	struct tnl *t, *next;

	HASH_ITER (by_ends, k->kernel->by_ends, t, next) {
		if (is_there(k->kernel, t) && kern_link_is_up(k, t->index))
			plan_tunnel(ret_found, &t->ends);
		kern_guard_dump(&t->guard, &t->ends, ret_found);
	}
}

static unsigned
index_of(const struct kern *k, const struct kobj_tunnel *ends)
{
	const struct tnl *t = find(k->kernel, ends);

	return t ? t->index : 0;
}

static bool
ends_of(const struct kern *k, unsigned index, struct kobj_tunnel *ret_ends)
{
	const struct tnl *t = find_index(k->kernel, index);

	if (t)
		*ret_ends = t->ends;
	return t != NULL;
}

static int
info(const struct kern *k, const struct kobj_tunnel *ends, struct kern_tunnel_info *ret_info)
{
	const struct tnl *t = find(k->kernel, ends);
	struct kern_ip6tnl_stats s;
	int r;

	if (!t || t->index == 0)
		return -ENODEV;
	r = kern_ip6tnl_stats(k->kernel->k, t->index, &s);
	if (r < 0)
		return -ENODEV;
	*ret_info = (struct kern_tunnel_info){
		.mtu = t->mtu.octets,
		.in_packets = s.in_packets,
		.in_octets = s.in_octets,
		.out_packets = s.out_packets,
		.out_octets = s.out_octets,
		.in_dropped = s.in_dropped,
		.out_dropped = s.out_dropped,
	};
	memcpy(ret_info->dev, t->link.dev, sizeof(ret_info->dev));
	return 0;
}

/* Add what the filter's named counters count; ours have the same names. */
static void
settle_filter(void *ctx, const char *name, uint64_t packets)
{
	uint64_t *counts = ctx;

	for (size_t i = 0; i < KERN_COUNTS; i++) {
		if (strcmp(name, kern_count_names[i]) == 0)
			counts[i] += packets;
	}
}

static void
count(const struct kern *k, uint64_t counts[static KERN_COUNTS])
{
	struct kernel *dp = k->kernel;
	struct tnl *t, *next;

	for (size_t i = 0; i < KERN_COUNTS; i++)
		counts[i] += dp->counts[i] - dp->filter_was[i];
	HASH_ITER (by_ends, dp->by_ends, t, next) {
		struct kern_ip6tnl_stats s;

		if (t->index == 0 || kern_ip6tnl_stats(dp->k, t->index, &s) < 0)
			continue;
		counts[KERN_COUNT_TUNNEL_ECN] += s.ecn;
		counts[KERN_COUNT_ENCAP_LOOP] += s.loop;
		counts[KERN_COUNT_ENCAP_FAILED] += s.no_route;
	}
	(void)kern_set_counters(&dp->k->filter.nl, dp->k->filter.table, settle_filter, counts);
}

static bool
stays(const struct kern *k)
{
	return k->kernel && k->kernel->by_ends;
}

/* Its counters begin at 0 again. */
static int
refill(struct kern *k)
{
	memset(k->kernel->filter_was, 0, sizeof(k->kernel->filter_was));
	return rewrite(k->kernel);
}

struct adoption {
	struct kernel *dp;
	int error;
};

static void
adopt(void *ctx, const struct kern_ip6tnl *link)
{
	struct adoption *a = ctx;
	struct tnl *t = find(a->dp, &link->ends);

	if (t)
		return; /* the list was read again */
	t = tnl_new(a->dp, &link->ends);
	if (!t || link_attach(a->dp, t, link) < 0)
		a->error = -ENOMEM;
}

static void
note_sourced(void *ctx, const char *set, const struct kern_element *e)
{
	unsigned index = 0;
	struct tnl *t;

	(void)set;
	memcpy(&index, e->key, sizeof(index));
	t = find_index(ctx, index);
	if (t)
		t->was_sourced = true;
}

/* What a run before us left. A device that is as it should be is not touched. */
static int
adopt_all(struct kernel *dp)
{
	struct adoption a = { .dp = dp };
	struct tnl *t, *next;
	int r;

	(void)kern_set_counters(
	    &dp->k->filter.nl, dp->k->filter.table, settle_filter, dp->filter_was);
	r = kern_ip6tnl_each(dp->k, adopt, &a);
	if (r < 0 || a.error < 0)
		return r < 0 && r != -EAGAIN ? r : a.error;
	r = kern_set_each(&dp->k->filter.nl, dp->k->filter.table, sourced_set, note_sourced, dp);
	if (r < 0)
		return r;
	HASH_ITER (by_ends, dp->by_ends, t, next) {
		settle(dp, t, false);
		if (!t->link.good && kern_ip6tnl_repair(dp->k, &t->link) == 0)
			t->mtu.octets = t->link.mtu;
		log_info("kern", "tunnel taken over", "dev=%s mtu_octets=%u", t->link.dev,
		    t->mtu.octets);
	}
	return 0;
}

static int
kernel_open(struct kern *k)
{
	struct kernel *dp = calloc(1, sizeof(*dp));
	int r;

	if (!dp)
		return -ENOMEM;
	dp->k = k;
	dp->xfrm = (struct kern_xfrm){ .k = k, .nl.fd = -1, .news = -1 };
	ev_timer_init(&dp->adopt, on_adopt, ADOPT_S, 0.);
	k->kernel = dp;
	r = kern_xfrm_open(&dp->xfrm, k);
	if (r == 0)
		r = adopt_all(dp);
	if (r == 0)
		r = kern_raw_open(k);
	if (r == 0)
		ev_timer_start(k->loop, &dp->adopt);
	return r;
}

static void
kernel_close(struct kern *k)
{
	struct kernel *dp = k->kernel;
	struct tnl *t, *next;

	if (!dp)
		return;
	ev_timer_stop(k->loop, &dp->adopt);
	kern_raw_close(k);
	kern_xfrm_close(&dp->xfrm, !dp->by_ends);
	HASH_ITER (by_ends, dp->by_ends, t, next)
		tnl_free(dp, t);
	free(dp);
	k->kernel = NULL;
}

const struct kern_datapath_ops kern_kernel_ops = {
	.name = "kernel",
	.filter = kern_kernel_filter,
	.open = kernel_open,
	.close = kernel_close,
	.set = set,
	.clear = clear,
	.dump = dump,
	.index_of = index_of,
	.ends_of = ends_of,
	.info = info,
	.count = count,
	.stays = stays,
	.refill = refill,
};
