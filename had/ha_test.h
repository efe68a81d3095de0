/*
 * ha_test.h - a world of arrays for the tests of the home agent's core.
 *
 * Binding Updates go in as whole packets and answers are read from whole packets,
 * so that what is tested is what the wire would see. The kernel is a list, the time
 * a number.
 *
 * Layer: tests only.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/base.h"
#include "common/base/text.h"
#include "common/wire/hand.h"
#include "had/ha.h"
#include "had/ha_home.h"

/* A test whose printed name begins with the requirements it proves. */
#define T(f, rows)                                                        \
	{                                                                 \
		.name = rows " " #f, .test_func = f, .setup_func = setup, \
		.teardown_func = teardown                                 \
	}

/* Who is who. web1 has two prefixes, plain none; the range takes anybody. */
#define HA "2001:db8:100::1"
#define WEB1 "2001:db8:200:1::1"
#define WEB1_A "2001:db8:200:1::/64"
#define WEB1_B "2001:db8:200:a::/64"
#define WEB2 "2001:db8:200:2::1"
#define WEB2_A "2001:db8:200:2::/64"
#define PLAIN "2001:db8:100::55"
#define LAB "2001:db8:300::/48"
#define LAB1 "2001:db8:300:100::1"
#define LAB1_A "2001:db8:300:100::/56"
#define LAB2 "2001:db8:300:200::1"
#define LAB2_A "2001:db8:300:200::/64"
#define HOST_A "2001:db8:a::10"
#define HOST_B "2001:db8:b::10"
#define HOST_C "2001:db8:c::10"
#define STRANGER "2001:db8:bad::1"

#define AHR (MH_BU_A | MH_BU_H | MH_BU_R)
#define AH (MH_BU_A | MH_BU_H)

#define LINES_MAX 256
#define FRAMES_MAX 16 /* the rest is counted */

struct world {
	struct ha *ha;
	struct want *want;
	struct ha_policy policy;
	struct ha_table table;
	struct tick t;
	struct plan kernel;			  /* what it has */
	char lines[LINES_MAX][KOBJ_TEXT_MAX + 8]; /* what it was told since world_quiet */
	size_t n_lines;
	bool crowd;	  /* too many bindings for these lists: take all, keep nothing */
	const char *fail; /* refuse to set objects whose text has this in it */
	int fail_with;
	char answer[128]; /* the last, as text */
	struct in6_addr answer_to, answer_via;
	unsigned answers;
	char notice[128]; /* the last Update Notification, as text */
	unsigned notices;
	uint16_t notice_seq;
	char icmp6[64];
	char events[1024];	      /* "moved registered ..." since world_quiet */
	char frames[FRAMES_MAX][160]; /* on home links since world_quiet, as text */
	size_t n_frames;
	unsigned arrives; /* the index of the link that packets come in by */
	mono_t armed;
	int auth; /* what the hook says */
	unsigned auth_asked;
};

/* One Binding Update, in the words of a test. */
struct bu {
	const char *from;   /* NULL: HOST_A */
	const char *hoa;    /* in the Home Address option; NULL: none */
	const char *altcoa; /* NULL: none */
	const char *prefix[MH_PREFIX_MAX];
	uint16_t seq, flags;
	uint32_t lifetime_s;
	bool nonce;
	bool unknown_option; /* M-05: one of a type nobody knows, in front */
};

static inline struct in6_addr
addr(const char *text)
{
	struct in6_addr a;

	if (text_to_addr(text, &a) < 0)
		fail_msg("not an address: %s", text);
	return a;
}

/* As it stands: a test may want host bits or 129. */
static inline struct ip6_prefix
prefix(const char *text)
{
	char buf[64];
	char *slash;
	struct ip6_prefix p;

	snprintf(buf, sizeof(buf), "%s", text);
	slash = strchr(buf, '/');
	assert_non_null(slash);
	*slash = '\0';
	p = (struct ip6_prefix){ .addr = addr(buf), .len = (uint8_t)atoi(slash + 1) };
	return p;
}

/* ---- the kernel ---- */

static inline void
note(struct world *w, const char *verb, const struct kobj *o)
{
	char text[KOBJ_TEXT_MAX];

	assert_true(w->n_lines < LINES_MAX);
	snprintf(w->lines[w->n_lines++], sizeof(w->lines[0]), "%s %s", verb, kobj_text(o, text));
}

static inline int
world_set(void *ctx, const struct kobj *o)
{
	struct world *w = ctx;
	char text[KOBJ_TEXT_MAX];

	if (w->crowd)
		return 0;
	if (w->fail && strstr(kobj_text(o, text), w->fail))
		return w->fail_with;
	note(w, "set", o);
	for (size_t i = 0; i < w->kernel.n; i++) {
		if (kobj_same_key(&w->kernel.v[i], o)) {
			w->kernel.v[i] = *o;
			return 0;
		}
	}
	plan_add(&w->kernel, o);
	return 0;
}

static inline int
world_clear(void *ctx, const struct kobj *o)
{
	struct world *w = ctx;

	if (w->crowd)
		return 0;
	note(w, "clear", o);
	for (size_t i = 0; i < w->kernel.n; i++) {
		if (kobj_same_key(&w->kernel.v[i], o)) {
			w->kernel.v[i] = w->kernel.v[--w->kernel.n];
			return 0;
		}
	}
	return 0;
}

/* How many lines of what the kernel was told have all of these words. */
static inline size_t
told(const struct world *w, const char *a, const char *b)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n_lines; i++)
		n += strstr(w->lines[i], a) && strstr(w->lines[i], b);
	return n;
}

/* Where packets to this prefix go: the care-of address, "unreachable", or "nowhere". */
static inline const char *
route_of(const struct world *w, const char *dst, char buf[static TEXT_ADDR_MAX])
{
	struct ip6_prefix p = prefix(dst);
	const struct kobj_route *best = NULL;

	for (size_t i = 0; i < w->kernel.n; i++) {
		const struct kobj *o = &w->kernel.v[i];

		if (o->kind == KOBJ_ROUTE && ip6_prefix_equal(&o->route.dst, &p) &&
		    (!best || o->route.metric < best->metric))
			best = &o->route;
	}
	if (!best)
		return "nowhere";
	if (best->type == KOBJ_UNREACHABLE)
		return "unreachable";
	return text_addr(&best->dev.tunnel.remote, buf);
}

#define assert_route(w, dst, to)                                      \
	do {                                                          \
		char route_buf[TEXT_ADDR_MAX];                        \
		assert_string_equal(route_of(w, dst, route_buf), to); \
	} while (0)

/* May a packet from (or to) this prefix come out of the tunnel to that host? */
static inline const char *
pass_of(const struct world *w, const char *host, enum kobj_side side, const char *dst)
{
	struct in6_addr remote = addr(host);
	struct ip6_prefix p = prefix(dst);

	for (size_t i = 0; i < w->kernel.n; i++) {
		const struct kobj *o = &w->kernel.v[i];

		if (o->kind == KOBJ_PASS && o->pass.side == side &&
		    ip6_equal(&o->pass.tunnel.remote, &remote) &&
		    ip6_prefix_equal(&o->pass.prefix, &p))
			return o->pass.late ? "late" : "yes";
	}
	return "no";
}

#define assert_pass(w, host, side, dst, is) assert_string_equal(pass_of(w, host, side, dst), is)

static inline bool
has_tunnel(const struct world *w, const char *host)
{
	struct in6_addr remote = addr(host);

	for (size_t i = 0; i < w->kernel.n; i++) {
		if (w->kernel.v[i].kind == KOBJ_TUNNEL &&
		    ip6_equal(&w->kernel.v[i].tunnel.remote, &remote))
			return true;
	}
	return false;
}

/* ---- what the home agent says ---- */

/* What a message about a move says (common/wire/hand.h), as text. */
static inline void
describe(const struct mh *m, char *buf, size_t max)
{
	static const char *const names[] = { "ask", "answer", "expected", "switched" };
	char home[TEXT_ADDR_MAX], careof[TEXT_ADDR_MAX];
	struct hand h;

	assert_int_equal(hand_get(m, &h), 0);
	snprintf(buf, max, "%s %u id=%u seq=%u life=%u home=%s coa=%s", names[h.kind - HAND_ASK],
	    h.code, h.id, h.seq, h.lifetime_s, text_addr(&h.home, home),
	    text_addr(&h.careof, careof));
}

static inline void
world_notified(struct world *w, const struct ip6_mh_packet *p, const struct mh *m)
{
	char text[96], to[TEXT_ADDR_MAX];

	assert_false(p->has_rh2);
	assert_int_equal(m->upn.reason, HAND_UPN_REASON);
	assert_true(m->upn.acknowledge);
	describe(m, text, sizeof(text));
	snprintf(w->notice, sizeof(w->notice), "%s to=%s%s", text, text_addr(&p->dst, to),
	    m->upn.again ? " again" : "");
	w->notices++;
	w->notice_seq = m->upn.seq;
}

static inline void
world_send(void *ctx, const struct ip6_mh_out *out)
{
	struct world *w = ctx;
	uint8_t buf[IP6_MIN_MTU];
	struct wire_writer writer = { .base = buf, .len = sizeof(buf) };
	struct ip6_mh_packet p;
	struct mh m;
	size_t at;
	int n;

	assert_int_equal(ip6_mh_packet_put(&writer, out), 0);
	assert_int_equal(ip6_mh_packet_get(buf, writer.pos, &p), 0);
	assert_int_equal(mh_get(&p, &m, &at), MH_OK);
	assert_true(ip6_equal(&p.src, &w->policy.address));
	assert_false(p.has_hao); /* M-06 */
	if (m.type == MH_UPN) {
		world_notified(w, &p, &m);
		return;
	}
	w->answers++;
	w->answer_to = p.dst;
	w->answer_via = p.has_rh2 ? p.rh2 : in6addr_any;
	if (m.type == MH_BE) {
		char home[TEXT_ADDR_MAX];

		assert_false(p.has_rh2);
		snprintf(w->answer, sizeof(w->answer), "error %u home=%s", m.be.status,
		    text_addr(&m.be.home, home));
		return;
	}
	if (m.type == MH_EXPERIMENTAL) {
		assert_false(p.has_rh2);
		describe(&m, w->answer, sizeof(w->answer));
		return;
	}
	assert_int_equal(m.type, MH_BA);
	n = snprintf(w->answer, sizeof(w->answer), "%u seq=%u", m.ba.status, m.ba.seq);
	if (m.ba.status < 128)
		n += snprintf(
		    w->answer + n, sizeof(w->answer) - (size_t)n, " life=%u", m.ba.lifetime_s);
	if (m.opts.n[MH_OPT_REFRESH])
		n += snprintf(
		    w->answer + n, sizeof(w->answer) - (size_t)n, " refresh=%u", m.opts.refresh_s);
	if (m.ba.flags)
		snprintf(w->answer + n, sizeof(w->answer) - (size_t)n, "%s",
		    m.ba.flags == MH_BA_R ? " R" : " more flags");
}

static inline void
world_icmp6(void *ctx, const struct ip6_icmp6_out *out)
{
	struct world *w = ctx;
	const uint8_t *p = out->icmp6;
	struct wire_reader r = { .base = p, .len = out->icmp6_len };
	char to[TEXT_ADDR_MAX];

	assert_true(out->icmp6_len >= 8);
	assert_int_equal(ip6_checksum(&out->src, &out->dst, IP6_ICMP6, p, out->icmp6_len), 0);
	r.pos = 4;
	snprintf(w->icmp6, sizeof(w->icmp6), "%u/%u at %u to %s", p[0], p[1], wire_get_u32(&r),
	    text_addr(&out->dst, to));
}

/* "eth1 NS of 2001:db8::1 from :: to ff02::1:ff00:1", or "eth1 NA of ... R-O ..." */
static inline void
world_frame(void *ctx, const char *dev, const uint8_t *p, size_t n)
{
	struct world *w = ctx;
	char src[TEXT_ADDR_MAX], dst[TEXT_ADDR_MAX], of[TEXT_ADDR_MAX], mac[TEXT_MAC_MAX];
	struct in6_addr target;
	struct nd_path path;
	struct nd_na na;
	char *line = w->frames[w->n_frames < FRAMES_MAX ? w->n_frames : FRAMES_MAX - 1];

	w->n_frames++;
	if (nd_ns_get(p, n, &path, &target) == 0) {
		snprintf(line, 160, "%s NS of %s from %s to %s", dev, text_addr(&target, of),
		    text_addr(&path.src, src), text_addr(&path.dst, dst));
	} else if (nd_na_get(p, n, &path, &na) == 0) {
		assert_true(na.has_mac);
		assert_memory_equal(&na.mac, &path.from, sizeof(na.mac));
		snprintf(line, 160, "%s NA of %s %c%c%c from %s to %s %s", dev,
		    text_addr(&na.target, of), na.flags & ND_NA_R ? 'R' : '-',
		    na.flags & ND_NA_S ? 'S' : '-', na.flags & ND_NA_O ? 'O' : '-',
		    text_addr(&path.src, src), text_addr(&path.dst, dst), text_mac(&path.to, mac));
	} else {
		struct ip6_mh_packet packet;
		struct mh m;
		size_t at;

		memcpy(path.to.b, p, 6);
		assert_int_equal(ip6_mh_packet_get(p + 14, n - 14, &packet), 0);
		assert_int_equal(mh_get(&packet, &m, &at), MH_OK);
		snprintf(line, 160, "%s BA %u to %s %s", dev, m.ba.status,
		    text_addr(&packet.dst, dst), text_mac(&path.to, mac));
	}
}

static inline void
world_arm(void *ctx, mono_t when)
{
	((struct world *)ctx)->armed = when;
}

static inline void
world_event(void *ctx, const struct ha_event *e)
{
	static const char *const name[] = {
		[HA_EV_REGISTERED] = "registered",
		[HA_EV_REFRESHED] = "refreshed",
		[HA_EV_MOVED] = "moved",
		[HA_EV_DEREGISTERED] = "deregistered",
		[HA_EV_EXPIRED] = "expired",
		[HA_EV_DROPPED] = "dropped",
		[HA_EV_REFUSED] = "refused",
		[HA_EV_DISCARDED] = "discarded",
	};
	struct world *w = ctx;
	size_t n = strlen(w->events);

	snprintf(w->events + n, sizeof(w->events) - n, "%s%s%s%s", n ? " " : "", name[e->kind],
	    e->kind >= HA_EV_REFUSED ? ":" : "",
	    e->kind >= HA_EV_REFUSED ? ha_reason_name(e->reason) : "");
}

static inline int
world_authenticate(void *ctx, const struct ip6_mh_packet *p, const struct mh *bu)
{
	struct world *w = ctx;

	assert_non_null(p);
	assert_true(bu->type == MH_BU || bu->type == MH_EXPERIMENTAL);
	w->auth_asked++;
	return w->auth;
}

/* ---- what goes in ---- */

static inline struct ha_guest *
world_guest(struct ha_table *t, const char *name, const char *hoa, const char *a, const char *b)
{
	struct ha_guest *g = ha_table_add_guest(t, name);
	const struct ha_guest *other;
	struct ip6_prefix p;

	assert_non_null(g);
	g->hoa = addr(hoa);
	if (a)
		g->prefix[g->n++] = prefix(a);
	if (b)
		g->prefix[g->n++] = prefix(b);
	assert_int_equal(ha_table_index(t, g, true, true, &other, &p), 0);
	return g;
}

static inline struct ha_range *
world_range(struct ha_table *t, const char *name, const char *home, const char *p)
{
	struct ha_range *r = ha_table_add_range(t, name);

	assert_non_null(r);
	r->home[r->homes++] = prefix(home);
	r->prefix[r->prefixes++] = prefix(p);
	r->shortest = 56;
	r->longest = 128;
	return r;
}

static inline void
world_quiet(struct world *w)
{
	w->n_lines = 0;
	w->answers = w->notices = 0;
	w->n_frames = 0;
	w->answer[0] = w->events[0] = w->icmp6[0] = w->notice[0] = '\0';
}

/* A home agent that knows nothing, above a kernel that may. */
static inline void
world_start(struct world *w)
{
	static const struct want_ops want_ops = { world_set, world_clear };
	static const struct ha_ops ops = {
		.send = world_send,
		.icmp6 = world_icmp6,
		.frame = world_frame,
		.arm = world_arm,
		.event = world_event,
		.authenticate = world_authenticate,
	};

	w->armed = MONO_NEVER;
	w->want = want_new(&want_ops, w);
	w->ha = ha_new(w->want, &ops, w);
	assert_non_null(w->ha);
}

/* cmocka's fixtures: *state is the world. */
static inline int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->policy = (struct ha_policy){
		.address = addr(HA),
		.home_agent = true,
		.mobile_routers = true,
		.lifetime_max_ms = 240000,
		.grace_ms = 2000,
		.bindings_max = 100,
		.table = KOBJ_TABLE_MAIN,
	};
	ha_table_init(&w->table);
	world_guest(&w->table, "web1", WEB1, WEB1_A, WEB1_B);
	world_guest(&w->table, "web2", WEB2, WEB2_A, NULL);
	world_guest(&w->table, "plain", PLAIN, NULL, NULL);
	world_range(&w->table, "lab", LAB, LAB);
	w->t = (struct tick){ .now = { 1000000 } };
	world_start(w);
	assert_int_equal(ha_configure(w->ha, &w->policy, &w->table, w->t), 0);
	world_quiet(w);
	*state = w;
	return 0;
}

static inline int
teardown(void **state)
{
	struct world *w = *state;

	ha_free(w->ha);
	want_free(w->want);
	ha_table_done(&w->table);
	plan_done(&w->kernel);
	free(w);
	return 0;
}

/* Any octets, with or without the Home Address option, as a packet from a host. */
static inline void
receive_octets(struct world *w, const char *from, const char *hoa, uint8_t *mh, size_t mh_len)
{
	uint8_t buf[IP6_MIN_MTU];
	struct wire_writer writer = { .base = buf, .len = sizeof(buf) };
	struct ip6_mh_packet p;
	struct ip6_mh_out out = {
		.src = addr(from),
		.dst = w->policy.address,
		.with_hao = hoa != NULL,
		.home = hoa ? addr(hoa) : in6addr_any,
		.mh = mh,
		.mh_len = mh_len,
	};

	w->answer[0] = '\0';
	assert_int_equal(ip6_mh_packet_put(&writer, &out), 0);
	assert_int_equal(ip6_mh_packet_get(buf, writer.pos, &p), 0);
	p.ifindex = w->arrives;
	ha_receive(w->ha, w->t, &p);
	if (!w->answer[0])
		strcpy(w->answer, "silence");
}

static inline size_t
encode_bu(const struct bu *bu, uint8_t *mh, size_t max)
{
	struct wire_writer writer = { .base = mh, .len = max };
	struct mh m = { .type = MH_BU };

	m.bu.seq = bu->seq;
	m.bu.flags = bu->flags;
	m.bu.lifetime_s = bu->lifetime_s;
	for (uint8_t i = 0; i < MH_PREFIX_MAX && bu->prefix[i]; i++) {
		m.opts.prefix[i] = prefix(bu->prefix[i]);
		m.opts.n[MH_OPT_PREFIX]++;
	}
	if (bu->altcoa) {
		m.opts.altcoa = addr(bu->altcoa);
		m.opts.n[MH_OPT_ALTCOA] = 1;
	}
	m.opts.n[MH_OPT_NONCE] = bu->nonce;
	assert_int_equal(mh_put(&writer, &m), 0);
	if (bu->unknown_option) {
		static const uint8_t unknown[8] = { 200, 6, 1, 2, 3, 4, 5, 6 };

		memmove(mh + 20, mh + 12, writer.pos - 12);
		memcpy(mh + 12, unknown, sizeof(unknown));
		mh[1]++;
		writer.pos += sizeof(unknown);
	}
	return writer.pos;
}

/* Receive a Binding Update; returns the answer as text, "silence" for none. */
static inline const char *
receive(struct world *w, const struct bu *bu)
{
	uint8_t mh[MH_OCTETS_MAX];
	size_t n = encode_bu(bu, mh, sizeof(mh));

	receive_octets(w, bu->from ? bu->from : HOST_A, bu->hoa, mh, n);
	return w->answer;
}

/* The plain case: this guest from this host, as a mobile router, two minutes. */
static inline const char *
registers(struct world *w, const char *hoa, const char *from, uint16_t seq)
{
	return receive(w,
	    &(struct bu){ .hoa = hoa, .from = from, .seq = seq, .flags = AHR, .lifetime_s = 120 });
}

static inline void
pass_time(struct world *w, int64_t ms)
{
	w->t.now.ms += ms;
	ha_tick(w->ha, w->t);
}

static inline const struct ha_bind *
binding(const struct world *w, const char *hoa)
{
	struct in6_addr a = addr(hoa);

	return ha_cache_find(ha_bindings(w->ha), &a);
}
