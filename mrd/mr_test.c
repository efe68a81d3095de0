/*
 * mr_test.c - see mr.h: the core in a world of arrays. The kernel is a list of
 * objects, the network an array of packets, time a number. Long: a test for each
 * word in each state, and for all that can come between.
 */
#include "mrd/mr.h"

#include <errno.h>
#include <stdlib.h>

#include "common/wire/icmp6.h"
#include "mrd/mr_test.h"

#define SENT_MAX 256
#define FRAMES_MAX 64
#define AGENT "2001:db8:100::1"
#define UPLINK_MAC "02:00:00:00:00:aa"
#define COA_HOME "2001:db8:200::10" /* on the home link */
#define HOA "2001:db8:200:1::1"
#define COA_A "2001:db8:a::10"
#define COA_B "2001:db8:b::10"

struct world {
	struct mr *mr;
	struct want *want;
	struct mr_conf conf;
	struct mr_guest_conf guests[2];
	int64_t ms;
	mono_t armed;

	struct plan kernel;
	unsigned fail_in; /* the so-manieth set from now fails; 0: none */
	bool fail_all;
	size_t sets;
	bool no_link, forged;

	struct sent {
		int64_t ms;
		uint8_t octets[512];
		struct ip6_mh_out out;
	} sent[SENT_MAX];
	size_t n;
	uint8_t icmp6[1500];
	size_t icmp6_n, icmp6_sent;
	struct ip6_icmp6_out icmp6_out; /* what is around it */
	struct {
		char dev[16];
		uint8_t octets[ND_FRAME_MAX];
		size_t n;
	} frame[FRAMES_MAX];
	size_t frames;
	struct in6_addr listening[4];
	size_t listenings;

	struct mr_event last[16]; /* of each kind */
	unsigned events[16];
	struct mr_text saved;
	size_t saves;
	size_t sets_at_save;
};

/* ---- the world's end of every call ---- */

static size_t
kernel_find(const struct world *w, const struct kobj *o)
{
	for (size_t i = 0; i < w->kernel.n; i++) {
		if (kobj_same_key(&w->kernel.v[i], o))
			return i;
	}
	return w->kernel.n;
}

static int
kernel_set(void *ctx, const struct kobj *o)
{
	struct world *w = ctx;
	size_t i = kernel_find(w, o);

	w->sets++;
	if (w->fail_all || (w->fail_in > 0 && --w->fail_in == 0))
		return -ENOBUFS;
	if (i < w->kernel.n)
		w->kernel.v[i] = *o;
	else
		plan_add(&w->kernel, o);
	return 0;
}

static int
kernel_clear(void *ctx, const struct kobj *o)
{
	struct world *w = ctx;
	size_t i = kernel_find(w, o);

	assert_true(i < w->kernel.n); /* nothing is cleared that is not there */
	w->kernel.v[i] = w->kernel.v[--w->kernel.n];
	return 0;
}

static int
on_send(void *ctx, const struct ip6_mh_out *out)
{
	struct world *w = ctx;
	struct sent *s = &w->sent[w->n++ % SENT_MAX];

	assert_true(out->mh_len <= sizeof(s->octets));
	s->ms = w->ms;
	s->out = *out;
	memcpy(s->octets, out->mh, out->mh_len);
	s->out.mh = s->octets;
	return 0;
}

static int
on_icmp6(void *ctx, const struct ip6_icmp6_out *out)
{
	struct world *w = ctx;

	assert_true(out->icmp6_len <= sizeof(w->icmp6));
	memcpy(w->icmp6, out->icmp6, out->icmp6_len);
	w->icmp6_n = out->icmp6_len;
	w->icmp6_out = *out;
	w->icmp6_out.icmp6 = w->icmp6;
	w->icmp6_sent++;
	return 0;
}

static int
on_frame(void *ctx, const char *dev, const uint8_t *p, size_t n)
{
	struct world *w = ctx;
	size_t i = w->frames++ % FRAMES_MAX;

	snprintf(w->frame[i].dev, sizeof(w->frame[i].dev), "%s", dev);
	memcpy(w->frame[i].octets, p, n);
	w->frame[i].n = n;
	return 0;
}

static int
on_mac(void *ctx, const char *dev, struct nd_mac *ret_mac)
{
	(void)ctx;
	(void)dev;
	*ret_mac = mac_of(UPLINK_MAC);
	return 0;
}

static int
on_link(void *ctx, const char *dev)
{
	struct world *w = ctx;

	(void)dev;
	return w->no_link ? -ENODEV : 0;
}

static int
on_listen(void *ctx, const struct in6_addr *addr, bool on)
{
	struct world *w = ctx;

	for (size_t i = 0; i < w->listenings; i++) {
		if (!ip6_equal(&w->listening[i], addr))
			continue;
		assert_false(on);
		w->listening[i] = w->listening[--w->listenings];
		return 0;
	}
	assert_true(on);
	w->listening[w->listenings++] = *addr;
	return 0;
}

static uint32_t
on_mtu(void *ctx, const struct kobj_tunnel *tunnel)
{
	(void)ctx;
	(void)tunnel;
	return 1460;
}

static void
on_save(void *ctx)
{
	struct world *w = ctx;

	w->saved.n = 0;
	if (w->saved.s)
		w->saved.s[0] = '\0';
	mr_save(w->mr, &w->saved);
	w->saves++;
	w->sets_at_save = w->sets;
}

static void
on_arm(void *ctx, mono_t when)
{
	struct world *w = ctx;

	w->armed = when;
}

static void
on_event(void *ctx, const struct mr_event *e)
{
	struct world *w = ctx;

	w->last[e->kind] = *e;
	w->events[e->kind]++;
}

static bool
on_authentic(void *ctx, const struct ip6_mh_packet *p, const struct mh *m)
{
	struct world *w = ctx;

	(void)p;
	(void)m;
	return !w->forged;
}

static const struct mr_ops ops = {
	.send = on_send,
	.icmp6 = on_icmp6,
	.frame = on_frame,
	.mac = on_mac,
	.link = on_link,
	.listen = on_listen,
	.mtu = on_mtu,
	.save = on_save,
	.arm = on_arm,
	.event = on_event,
	.authentic = on_authentic,
};

static const struct want_ops want_ops = { .set = kernel_set, .clear = kernel_clear };

/* ---- making one ---- */

static struct mr_guest_conf
guest(const char *name, const char *prefix, const char *mac)
{
	struct mr_guest_conf g = { .link = "brvm" };

	snprintf(g.name, sizeof(g.name), "%s", name);
	g.prefix[g.prefixes++] = prefix_of(prefix);
	g.mac[g.macs++] = mac_of(mac);
	assert_true(ip6_prefix_first_host(&g.prefix[0], &g.home_address));
	return g;
}

static struct mr_conf
configuration(void)
{
	struct mr_conf c = {
		.uplink = "up",
		.lifetime_ms = 120000,
		.first_timeout_ms = 1500,
		.next_agent_ms = 32000,
		.grace_ms = 2000,
		.table_base = 5200,
		.rule_priority = 5200,
		.guests_max = 64,
		.gateway = { .router_lifetime_ms = 1800000,
		    .interval_min_ms = 200000,
		    .interval_max_ms = 600000,
		    .valid_ms = 86400000,
		    .preferred_ms = 14400000,
		    .autonomous = true },
	};

	c.home_agent[c.home_agents++] = addr_of(AGENT);
	c.gateway.address = addr_of("fe80::1");
	c.gateway.mac = mac_of("02:00:5e:00:52:13");
	return c;
}

static void
careof(struct world *w, const char *text)
{
	struct mr_move_addr v = { .permanent = true };
	struct tick t = at_ms(w->ms);

	if (text)
		v.addr = addr_of(text);
	mr_addresses(w->mr, &v, text ? 1 : 0, &t);
}

static int
configure(struct world *w)
{
	struct tick t = at_ms(w->ms);
	struct mr_why why;

	return mr_configure(w->mr, &w->conf, &t, &why);
}

/* A host with an address and two guests in its configuration, none of them here. */
static struct world *
world(void)
{
	struct world *w = calloc(1, sizeof(*w));

	w->conf = configuration();
	w->guests[0] = guest("web1", "2001:db8:200:1::/64", "52:54:00:00:00:01");
	w->guests[1] = guest("web2", "2001:db8:200:2::/64", "52:54:00:00:00:02");
	w->conf.guest = w->guests;
	w->conf.guests = 2;
	w->want = want_new(&want_ops, w);
	w->mr = mr_new(&w->conf, &ops, w, w->want, 1);
	careof(w, COA_A);
	assert_int_equal(configure(w), 0);
	return w;
}

static void
end(struct world *w)
{
	mr_free(w->mr);
	want_free(w->want);
	plan_done(&w->kernel);
	mr_text_done(&w->saved);
	free(w);
}

/* ---- doing things ---- */

static int
say_why(struct world *w, enum mr_word word, const char *name, const struct mr_guest_conf *keys,
    struct mr_why *why)
{
	struct tick t = at_ms(w->ms);

	return mr_word(w->mr, word, name, keys, &t, why);
}

static int
say(struct world *w, enum mr_word word, const char *name)
{
	struct mr_why why;

	return say_why(w, word, name, NULL, &why);
}

/* Let time pass, waking the core whenever it wants to be. */
static void
pass(struct world *w, int64_t ms)
{
	int64_t until = w->ms + ms;

	for (int guard = 0; mono_reached(at_ms(until).now, w->armed); guard++) {
		struct tick t;

		assert_true(guard < 100000);
		if (w->armed.ms - at_ms(0).now.ms > w->ms)
			w->ms = w->armed.ms - at_ms(0).now.ms;
		t = at_ms(w->ms);
		mr_tick(w->mr, &t);
	}
	w->ms = until;
}

static const struct sent *
newest(const struct world *w)
{
	assert_true(w->n > 0);
	return &w->sent[(w->n - 1) % SENT_MAX];
}

/* As the network carries it: encoded whole, and taken apart again. */
static void
carry(const struct ip6_mh_out *out, uint8_t *octets, size_t len, struct ip6_mh_packet *p)
{
	struct wire_writer pw = { .base = octets, .len = len };

	assert_int_equal(ip6_mh_packet_put(&pw, out), 0);
	assert_int_equal(ip6_mh_packet_get(octets, pw.pos, p), 0);
}

static struct mh
decoded(const struct sent *s)
{
	static uint8_t octets[1500];
	struct ip6_mh_packet p;
	struct mh m;
	size_t at;

	carry(&s->out, octets, sizeof(octets), &p);
	assert_int_equal(mh_get(&p, &m, &at), MH_OK);
	return m;
}

static uint16_t
newest_seq(const struct world *w)
{
	return decoded(newest(w)).bu.seq;
}

struct from {
	const char *src, *dst, *home; /* home: in a routing header; NULL, none */
};

static void
hear(struct world *w, struct from f, const struct mh *m)
{
	uint8_t octets[1500], mh[1200];
	struct wire_writer mw = { .base = mh, .len = sizeof(mh) };
	struct ip6_mh_out out = { .src = addr_of(f.src), .dst = addr_of(f.dst), .mh = mh };
	struct tick t = at_ms(w->ms);
	struct ip6_mh_packet p;

	assert_int_equal(mh_put(&mw, m), 0);
	out.mh_len = mw.pos;
	if (f.home) {
		out.with_rh2 = true;
		out.home = addr_of(f.home);
	}
	carry(&out, octets, sizeof(octets), &p);
	mr_receive(w->mr, &p, &t);
}

static struct mh
ack(uint16_t seq, uint8_t status)
{
	return (struct mh){ .type = MH_BA,
		.ba = { .status = status, .flags = MH_BA_R, .seq = seq, .lifetime_s = 120 } };
}

/* The home agent answers the newest Binding Update. */
static void
answer(struct world *w, uint8_t status)
{
	const struct ip6_mh_out *bu = &newest(w)->out;
	char home[TEXT_ADDR_MAX], dst[TEXT_ADDR_MAX], from[TEXT_ADDR_MAX];
	struct mh m = ack(newest_seq(w), status);

	hear(w,
	    (struct from){ text_addr(&bu->dst, from), text_addr(&bu->src, dst),
		bu->with_hao ? text_addr(&bu->home, home) : NULL },
	    &m);
}

/* ---- looking ---- */

static const struct mr_guest *
web(const struct world *w, const char *name)
{
	const struct mr_guest *g = mr_find(w->mr, name);

	assert_non_null(g);
	return g;
}

static bool
kernel_has(const struct world *w, const char *line)
{
	char text[KOBJ_TEXT_MAX];

	for (size_t i = 0; i < w->kernel.n; i++) {
		if (strcmp(kobj_text(&w->kernel.v[i], text), line) == 0)
			return true;
	}
	return false;
}

struct audit {
	struct world *w;
	struct plan all; /* what there should be */
};

static void
audit_guest(void *ctx, const struct mr_guest *g)
{
	struct audit *a = ctx;
	struct plan p = { 0 };

	if (g->dirty) { /* the kernel refused it; what it holds is what counts */
		for (size_t i = 0; i < g->plan.n; i++)
			plan_add(&a->all, &g->plan.v[i]);
		return;
	}
	mr_plan(g, mr_host(a->w->mr), &p);
	assert_int_equal(p.n, g->plan.n);
	for (size_t i = 0; i < p.n; i++) {
		assert_true(kobj_equal(&p.v[i], &g->plan.v[i]));
		plan_add(&a->all, &p.v[i]);
	}
	plan_done(&p);
}

/* Every guest holds the plan of its state, and the kernel has these and no other. */
static void
audit(struct world *w)
{
	struct audit a = { .w = w };

	mr_each(w->mr, audit_guest, &a);
	for (size_t i = 0; i < a.all.n; i++)
		assert_true(kernel_find(w, &a.all.v[i]) < w->kernel.n);
	for (size_t i = 0; i < w->kernel.n; i++) {
		bool wanted = false;

		for (size_t k = 0; k < a.all.n && !wanted; k++)
			wanted = kobj_same_key(&a.all.v[k], &w->kernel.v[i]);
		assert_true(wanted);
	}
	plan_done(&a.all);
}

/* ---- the life of a guest ---- */

#define DEFAULT(how) "route " how " table 5210 metric 1024"

static void
running_registers_at_once_with_what_the_rfcs_ask_for(void **state)
{
	struct world *w = world();
	struct mh m;
	char text[TEXT_ADDR_MAX];

	(void)state;
	assert_int_equal(say(w, MR_WORD_RUNNING, "web1"), 0);
	assert_int_equal(w->n, 1);
	m = decoded(newest(w));
	assert_int_equal(m.type, MH_BU);
	assert_int_equal(m.bu.flags, MH_BU_A | MH_BU_H | MH_BU_R); /* and neither L nor K */
	assert_int_equal(m.bu.lifetime_s, 120);
	assert_int_equal(m.bu.seq, mr_seq_of_time(T0_UNIX_MS));
	assert_int_equal(m.opts.n[MH_OPT_ALTCOA], 1);
	assert_string_equal(text_addr(&m.opts.altcoa, text), COA_A);
	assert_string_equal(text_addr(&newest(w)->out.src, text), COA_A);
	assert_string_equal(text_addr(&newest(w)->out.dst, text), AGENT);
	assert_true(newest(w)->out.with_hao);
	assert_false(newest(w)->out.with_rh2);
	assert_string_equal(text_addr(&newest(w)->out.home, text), "2001:db8:200:1::1");
	assert_int_equal(m.opts.n[MH_OPT_PREFIX], 1);
	assert_true(ip6_prefix_equal(&m.opts.prefix[0], &w->guests[0].prefix[0]));
	end(w);
}

static void
every_refresh_lists_the_same_prefixes(void **state)
{
	struct world *w = world();
	struct mh m;

	(void)state;
	w->guests[0].prefix[w->guests[0].prefixes++] = prefix_of("2001:db8:201::/56");
	assert_int_equal(configure(w), 0);
	say(w, MR_WORD_RUNNING, "web1");
	for (int i = 0; i < 3; i++) {
		m = decoded(newest(w));
		assert_int_equal(m.opts.n[MH_OPT_PREFIX], 2);
		assert_true(m.bu.flags & MH_BU_R);
		assert_int_equal(m.opts.prefix[1].len, 56);
		answer(w, 0);
		pass(w, 60000);
		assert_int_equal(w->n, (size_t)i + 2);
	}
	end(w);
}

static void
implicit_mode_lists_none(void **state)
{
	struct world *w = world();

	(void)state;
	w->conf.mode = MR_IMPLICIT;
	assert_int_equal(configure(w), 0);
	say(w, MR_WORD_RUNNING, "web1");
	assert_int_equal(decoded(newest(w)).opts.n[MH_OPT_PREFIX], 0);
	assert_int_equal(decoded(newest(w)).opts.n[MH_OPT_ALTCOA], 1);
	end(w);
}

static void
the_tunnel_carries_the_guest_only_after_the_answer(void **state)
{
	struct world *w = world();
	char text[TEXT_ADDR_MAX];

	(void)state;
	say(w, MR_WORD_INCOMING, "web1");
	assert_true(kernel_has(w, DEFAULT("blackhole default")));
	say(w, MR_WORD_RUNNING, "web1");
	assert_true(kernel_has(w, DEFAULT("blackhole default")));
	pass(w, 20);
	answer(w, 0);
	assert_true(kernel_has(w, DEFAULT("default dev tunnel(" AGENT ")")));
	assert_int_equal(w->events[MR_EVENT_REGISTERED], 1);
	assert_int_equal(w->last[MR_EVENT_REGISTERED].took_ms, 20);
	assert_false(w->last[MR_EVENT_REGISTERED].refresh);
	assert_string_equal(text_addr(&w->last[MR_EVENT_REGISTERED].guest->conf.home_address, text),
	    "2001:db8:200:1::1");
	audit(w);
	end(w);
}

static void
a_lapse_and_a_refusal_make_the_default_unreachable(void **state)
{
	struct world *w = world();

	(void)state;
	say(w, MR_WORD_RUNNING, "web1");
	answer(w, 0);
	pass(w, 120000);
	assert_true(kernel_has(w, DEFAULT("unreachable default")));
	assert_int_equal(w->events[MR_EVENT_LAPSED], 1);
	pass(w, 32000);
	answer(w, 0);
	assert_true(kernel_has(w, DEFAULT("default dev tunnel(" AGENT ")")));
	pass(w, 60000);
	answer(w, MH_NOT_AUTHORIZED);
	assert_true(kernel_has(w, DEFAULT("unreachable default")));
	assert_int_equal(w->last[MR_EVENT_REFUSED].status, MH_NOT_AUTHORIZED);
	assert_true(w->last[MR_EVENT_REFUSED].fatal);
	end(w);
}

static void
an_arrival_from_incoming_changes_little_before_it_is_told(void **state)
{
	struct world *w = world();
	size_t sets;

	(void)state;
	say(w, MR_WORD_INCOMING, "web1");
	sets = w->sets;
	say(w, MR_WORD_RUNNING, "web1");
	assert_int_equal(w->sets - sets, 2); /* its live route, and the rule that finds it */
	end(w);
}

static void
a_late_incoming_takes_no_running_guest_off_the_air(void **state)
{
	struct world *w = world();
	size_t sets, objects, sent;

	(void)state;
	say(w, MR_WORD_RUNNING, "web1");
	answer(w, 0);
	sets = w->sets;
	objects = w->kernel.n;
	sent = w->n;
	assert_int_equal(say(w, MR_WORD_INCOMING, "web1"), 0);
	assert_int_equal(web(w, "web1")->state, MR_RUNNING);
	assert_int_equal(w->sets, sets);
	assert_int_equal(w->kernel.n, objects);
	assert_int_equal(w->n, sent);

	/* Had it left in truth, and come back: whoever says so again is registered again. */
	assert_int_equal(say(w, MR_WORD_RUNNING, "web1"), 0);
	assert_int_equal(w->n, sent + 1);
	assert_true(kernel_has(w, DEFAULT("default dev tunnel(" AGENT ")")));
	end(w);
}

static void
a_cancelled_migration_leaves_nothing_and_sends_nothing(void **state)
{
	struct mr_guest_conf visitor = guest("v", "2001:db8:300::/64", "52:54:00:00:00:09");
	struct world *w = world();
	size_t before = w->kernel.n;
	struct tick t = at_ms(w->ms);
	struct mr_why why;

	(void)state;
	say(w, MR_WORD_INCOMING, "web1");
	assert_true(w->kernel.n > before);
	assert_int_equal(say(w, MR_WORD_GONE, "web1"), 0);
	say(w, MR_WORD_INCOMING, "web1");
	assert_int_equal(mr_cancel(w->mr, "web1", &t, &why), 0);
	assert_int_equal(say_why(w, MR_WORD_INCOMING, "v", &visitor, &why), 0);
	assert_int_equal(say(w, MR_WORD_GONE, "v"), 0);
	pass(w, 2000); /* what it got goes back for the grace */
	assert_int_equal(w->kernel.n, before);
	assert_null(mr_find(w->mr, "v"));
	assert_int_equal(w->n, 0);
	assert_int_equal(w->frames, 0);
	end(w);
}

static void
cancel_leaves_a_guest_that_is_here_and_one_that_is_not_alone(void **state)
{
	struct world *w = world();
	struct tick t = at_ms(w->ms);
	struct mr_why why;

	(void)state;
	assert_int_equal(mr_cancel(w->mr, "nobody", &t, &why), 0);
	assert_int_equal(mr_cancel(w->mr, "web1", &t, &why), 0);
	say(w, MR_WORD_RUNNING, "web1");
	assert_int_equal(mr_cancel(w->mr, "web1", &t, &why), 0);
	assert_int_equal(mr_find(w->mr, "web1")->state, MR_RUNNING);
	say(w, MR_WORD_SUSPENDED, "web1");
	assert_int_equal(mr_cancel(w->mr, "web1", &t, &why), 0);
	assert_int_equal(mr_find(w->mr, "web1")->state, MR_SUSPENDED);
	end(w);
}

static void
gone_takes_late_packets_for_the_grace_and_then_leaves_nothing(void **state)
{
	struct world *w = world();
	size_t before = w->kernel.n;

	(void)state;
	say(w, MR_WORD_RUNNING, "web1");
	answer(w, 0);
	say(w, MR_WORD_SUSPENDED, "web1");
	say(w, MR_WORD_GONE, "web1");
	assert_true(kernel_has(w, "route blackhole 2001:db8:200:1::/64 table 5200 metric 1024"));
	assert_false(kernel_has(w, "address 2001:db8:200:1::1/128 dev lo home"));
	pass(w, 1999);
	assert_int_equal(web(w, "web1")->state, MR_LEAVING);
	pass(w, 1);
	assert_int_equal(web(w, "web1")->state, MR_ABSENT);
	assert_int_equal(w->kernel.n, before);
	assert_int_equal(w->n, 1); /* the one it registered with */
	end(w);
}

static void
gone_for_good_deregisters_without_prefixes(void **state)
{
	struct world *w = world();
	struct tick t = at_ms(0);
	struct mr_why why;
	struct mh m;
	char text[TEXT_ADDR_MAX];

	(void)state;
	say(w, MR_WORD_RUNNING, "web1");
	answer(w, 0);
	assert_int_equal(mr_gone_for_good(w->mr, "web1", &t, &why), 0);
	m = decoded(newest(w));
	assert_int_equal(m.bu.lifetime_s, 0);
	assert_int_equal(m.opts.n[MH_OPT_PREFIX], 0);
	assert_string_equal(text_addr(&m.opts.altcoa, text), COA_A);
	answer(w, 0);
	assert_int_equal(web(w, "web1")->reg.state, MR_REG_IDLE);
	pass(w, 100000);
	assert_int_equal(w->n, 2);
	assert_int_equal(web(w, "web1")->state, MR_ABSENT);
	end(w);
}

static void
a_word_that_cannot_be_done_says_why_and_changes_nothing(void **state)
{
	static const struct {
		const char *name;
		enum mr_word word;
		bool with_keys;
		const char *code;
	} rows[] = {
		{ "web1", MR_WORD_SUSPENDED, false, "refused" },
		{ "nobody", MR_WORD_INCOMING, false, "unknown-guest" },
		{ "nobody", MR_WORD_RUNNING, false, "unknown-guest" },
		{ "nobody", MR_WORD_GONE, false, "unknown-guest" },
		{ "nobody", MR_WORD_SUSPENDED, true, "unknown-guest" },
		{ "thief", MR_WORD_INCOMING, true, "prefix-taken" },
		{ "web1", MR_WORD_INCOMING, true, "refused" }, /* mrd.conf says otherwise */
	};
	struct world *w = world();
	size_t before = w->kernel.n;

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct mr_guest_conf keys =
		    guest(rows[i].name, "2001:db8:200:2::/64", "52:54:00:00:00:07");
		struct mr_why why = { 0 };

		assert_true(say_why(w, rows[i].word, rows[i].name, rows[i].with_keys ? &keys : NULL,
				&why) < 0);
		assert_string_equal(why.code, rows[i].code);
		assert_non_null(strstr(why.text, rows[i].name));
		assert_int_equal(w->kernel.n, before);
	}
	assert_int_equal(w->n, 0);
	end(w);
}

static void
keys_that_agree_are_taken_in_part_or_whole(void **state)
{
	struct world *w = world();
	struct mr_guest_conf keys = w->guests[0];
	struct mr_why why;

	(void)state;
	assert_int_equal(say_why(w, MR_WORD_INCOMING, "web1", &keys, &why), 0);
	keys.prefixes = 0;
	keys.home_address = in6addr_any;
	assert_int_equal(say_why(w, MR_WORD_RUNNING, "web1", &keys, &why), 0);
	keys.mac[0].b[5]++;
	assert_int_equal(say_why(w, MR_WORD_RUNNING, "web1", &keys, &why), -EBUSY);
	end(w);
}

static void
the_file_is_written_before_the_kernel_is_touched(void **state)
{
	static const enum mr_word words[] = { MR_WORD_INCOMING, MR_WORD_RUNNING, MR_WORD_SUSPENDED,
		MR_WORD_GONE };
	struct world *w = world();

	(void)state;
	for (size_t i = 0; i < countof(words); i++) {
		size_t sets = w->sets;
		char line[64];

		assert_int_equal(say(w, words[i], "web1"), 0);
		assert_int_equal(w->sets_at_save, sets);
		snprintf(line, sizeof(line), "guest %s \"web1\" index 0 origin config",
		    mr_guest_state_name(web(w, "web1")->state));
		assert_non_null(strstr(w->saved.s, line));
	}
	end(w);
}

/* ---- when the kernel refuses ---- */

static void
an_arrival_the_kernel_refuses_is_refused_and_taken_back(void **state)
{
	(void)state;
	for (unsigned k = 1; k <= 12; k++) {
		struct world *w = world();
		size_t before = w->kernel.n;

		w->fail_in = k;
		assert_int_equal(say(w, MR_WORD_INCOMING, "web1"), -ENOBUFS);
		assert_int_equal(web(w, "web1")->state, MR_ABSENT);
		assert_int_equal(w->kernel.n, before);
		assert_int_equal(w->events[MR_EVENT_KERNEL], 1);
		assert_int_equal(say(w, MR_WORD_INCOMING, "web1"), 0);
		audit(w);
		end(w);
	}
}

static void
a_guest_that_runs_is_tried_again_until_the_kernel_agrees(void **state)
{
	struct world *w = world();

	(void)state;
	w->fail_all = true;
	assert_int_equal(say(w, MR_WORD_RUNNING, "web1"), 0); /* it runs, whatever we can do */
	pass(w, 5000);
	assert_in_range(w->events[MR_EVENT_KERNEL], 5, 7);
	w->fail_all = false;
	pass(w, 1000);
	assert_false(web(w, "web1")->dirty);
	audit(w);
	end(w);
}

static void
a_link_that_is_not_there_refuses_an_arrival(void **state)
{
	struct world *w = world();
	struct mr_why why;

	(void)state;
	w->no_link = true;
	assert_int_equal(say_why(w, MR_WORD_INCOMING, "web1", NULL, &why), -ENODEV);
	assert_string_equal(why.code, "refused");
	assert_int_equal(why.error, -ENODEV);
	assert_int_equal(web(w, "web1")->state, MR_ABSENT);
	end(w);
}

/* ---- signalling ---- */

static void
what_is_no_answer_of_ours_is_dropped_and_counted(void **state)
{
	static const struct {
		struct from f;
		enum mr_count count;
	} rows[] = {
		{ { "2001:db8:bad::1", COA_A, "2001:db8:200:1::1" }, MR_N_MH_STRANGER },
		{ { AGENT, COA_A, NULL }, MR_N_MH_NO_HOME },
		{ { AGENT, COA_A, "2001:db8:200:9::1" }, MR_N_MH_NOT_OURS },
		{ { AGENT, COA_A, "2001:db8:200:1::2" }, MR_N_MH_NOT_OURS },
		{ { AGENT, COA_A, "2001:db8:200:2::1" }, MR_N_MH_NOT_HERE },
	};
	struct world *w = world();
	struct mh m;

	(void)state;
	say(w, MR_WORD_RUNNING, "web1");
	m = ack(newest_seq(w), 0);
	for (size_t i = 0; i < countof(rows); i++) {
		hear(w, rows[i].f, &m);
		assert_int_equal(mr_counted(w->mr, rows[i].count), i == 3 ? 2 : 1);
		assert_int_equal(w->last[MR_EVENT_DROPPED].count, rows[i].count);
		assert_int_equal(web(w, "web1")->reg.state, MR_REG_WAITING);
	}
	m.ba.seq++;
	hear(w, (struct from){ AGENT, COA_A, "2001:db8:200:1::1" }, &m);
	assert_int_equal(mr_counted(w->mr, MR_N_BA_NOT_ASKED), 1);
	answer(w, 0);
	assert_int_equal(web(w, "web1")->reg.state, MR_REG_BOUND);
	assert_int_equal(w->n, 1);
	end(w);
}

static void
an_answer_that_is_not_authentic_is_not_believed(void **state)
{
	struct world *w = world();

	(void)state;
	say(w, MR_WORD_RUNNING, "web1");
	w->forged = true;
	answer(w, MH_PROHIBITED);
	assert_int_equal(mr_counted(w->mr, MR_N_BA_NOT_AUTHENTIC), 1);
	assert_int_equal(web(w, "web1")->reg.state, MR_REG_WAITING);
	w->forged = false;
	answer(w, 0);
	assert_int_equal(web(w, "web1")->reg.state, MR_REG_BOUND);
	end(w);
}

static void
hear_octets(struct world *w, uint8_t *mh, size_t n)
{
	uint8_t octets[1500];
	struct ip6_mh_out out = {
		.src = addr_of("2001:db8:bad::1"), .dst = addr_of(COA_A), .mh = mh, .mh_len = n
	};
	struct tick t = at_ms(w->ms);
	struct ip6_mh_packet p;

	carry(&out, octets, sizeof(octets), &p);
	p.packet = octets;
	p.packet_len = 40 + n;
	mr_receive(w->mr, &p, &t);
}

static void
an_unknown_type_is_answered_with_a_binding_error(void **state)
{
	uint8_t mh[8] = { 59, 0, 99 };
	struct world *w = world();
	struct mh m;

	(void)state;
	hear_octets(w, mh, sizeof(mh));
	assert_int_equal(w->n, 1);
	m = decoded(newest(w));
	assert_int_equal(m.type, MH_BE);
	assert_int_equal(m.be.status, 2);
	for (int i = 0; i < 100; i++)
		hear_octets(w, mh, sizeof(mh));
	assert_int_equal(w->n, 10); /* a stranger's flood is not answered for ever */
	pass(w, 1000);
	hear_octets(w, mh, sizeof(mh));
	assert_int_equal(w->n, 11);
	assert_int_equal(mr_counted(w->mr, MR_N_MH_UNKNOWN), 102);
	end(w);
}

static void
a_header_at_fault_is_answered_with_a_pointer_to_it(void **state)
{
	static const struct {
		uint8_t mh[16];
		size_t n;
		uint32_t pointer; /* in the packet */
	} rows[] = {
		{ { 41, 1, MH_BA }, 16, 40 }, /* Payload Proto */
		{ { 59, 0, MH_BA }, 8, 41 },  /* Header Len below the least */
	};
	struct world *w = world();

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		uint8_t mh[16];
		struct icmp6_error e;
		struct wire_reader r;

		memcpy(mh, rows[i].mh, sizeof(mh));
		hear_octets(w, mh, rows[i].n);
		assert_int_equal(w->icmp6_sent, i + 1);
		r = (struct wire_reader){ .base = w->icmp6, .len = w->icmp6_n };
		assert_int_equal(icmp6_error_get(&r, &e), 0);
		assert_int_equal(e.type, ICMP6_PARAMETER);
		assert_int_equal(e.code, 0);
		assert_int_equal(e.value, rows[i].pointer);
	}
	assert_int_equal(w->n, 0);
	end(w);
}

static void
a_bad_checksum_is_dropped_without_a_word(void **state)
{
	uint8_t octets[1500], mh[64];
	struct wire_writer mw = { .base = mh, .len = sizeof(mh) };
	struct world *w = world();
	struct tick t = at_ms(0);
	struct ip6_mh_packet p;
	struct mh m = ack(1, 0);
	struct ip6_mh_out out = { .src = addr_of(AGENT), .dst = addr_of(COA_A), .mh = mh };

	(void)state;
	assert_int_equal(mh_put(&mw, &m), 0);
	out.mh_len = mw.pos;
	carry(&out, octets, sizeof(octets), &p);
	octets[50] ^= 1;
	mr_receive(w->mr, &p, &t);
	assert_int_equal(mr_counted(w->mr, MR_N_MH_MALFORMED), 1);
	assert_int_equal(w->n + w->icmp6_sent, 0);
	end(w);
}

static void
a_refresh_request_is_answered_if_it_is_the_home_agents(void **state)
{
	struct mh brr = { .type = MH_BRR };
	struct world *w = world();

	(void)state;
	say(w, MR_WORD_RUNNING, "web1");
	answer(w, 0);
	pass(w, 1000);
	hear(w, (struct from){ "2001:db8:bad::1", COA_A, "2001:db8:200:1::1" }, &brr);
	assert_int_equal(w->n, 1);
	hear(w, (struct from){ AGENT, COA_A, "2001:db8:200:1::1" }, &brr);
	assert_int_equal(w->n, 2);
	end(w);
}

static void
a_binding_error_1_registers_again_and_2_does_not(void **state)
{
	struct mh be = { .type = MH_BE, .be = { .status = 1 } };
	struct world *w = world();

	(void)state;
	say(w, MR_WORD_RUNNING, "web1");
	answer(w, 0);
	pass(w, 1000);
	be.be.home = addr_of("2001:db8:200:1::1");
	hear(w, (struct from){ "2001:db8:bad::1", COA_A, NULL }, &be);
	assert_int_equal(w->n, 1);
	be.be.status = 2;
	hear(w, (struct from){ AGENT, COA_A, NULL }, &be);
	assert_int_equal(w->n, 1);
	be.be.status = 1;
	hear(w, (struct from){ AGENT, COA_A, NULL }, &be);
	assert_int_equal(w->n, 2);
	be.be.home = addr_of("2001:db8:200:2::1"); /* not registered: no entry is made */
	hear(w, (struct from){ AGENT, COA_A, NULL }, &be);
	assert_int_equal(w->n, 2);
	end(w);
}

/* An ICMPv6 error that quotes what we sent. */
static void
hear_error(struct world *w, const struct sent *s, uint8_t type, uint8_t code)
{
	uint8_t octets[1500], message[1280];
	struct wire_writer mw = { .base = message, .len = sizeof(message) };
	struct in6_addr from = addr_of("2001:db8:bad::1"), to = addr_of(COA_A);
	struct tick t = at_ms(w->ms);
	struct ip6_mh_packet p;
	struct icmp6_error e = { .type = type, .code = code, .invoking = octets };
	struct wire_writer pw = { .base = octets, .len = sizeof(octets) };

	carry(&s->out, octets, sizeof(octets), &p);
	assert_int_equal(ip6_mh_packet_put(&pw, &s->out), 0);
	e.invoking_len = pw.pos;
	assert_int_equal(icmp6_error_put(&mw, &e, &from, &to), 0);
	mr_icmp6(w->mr, &from, message, mw.pos, &t);
}

static void
parameter_problem_1_makes_it_wait_and_2_changes_nothing(void **state)
{
	struct world *w = world();
	struct sent forged;

	(void)state;
	say(w, MR_WORD_RUNNING, "web1");
	hear_error(w, newest(w), ICMP6_PARAMETER, 2);
	hear_error(w, newest(w), ICMP6_UNREACHABLE, 3);
	pass(w, 1500);
	assert_int_equal(w->n, 2);
	forged = *newest(w);
	forged.out.src = addr_of(COA_B);
	hear_error(w, &forged, ICMP6_PARAMETER, 1);
	assert_int_equal(mr_counted(w->mr, MR_N_ICMP6_UNRELATED), 1);
	hear_error(w, newest(w), ICMP6_PARAMETER, 1);
	pass(w, 31999);
	assert_int_equal(w->n, 2);
	pass(w, 1);
	assert_int_equal(w->n, 3);
	end(w);
}

/* ---- the host moves ---- */

static void
a_new_care_of_address_is_told_for_every_guest_at_once(void **state)
{
	struct world *w = world();
	struct tick t = at_ms(0);
	struct mr_why why;
	char name[16], prefix[32], mac[24], text[TEXT_ADDR_MAX];

	(void)state;
	for (unsigned i = 0; i < 50; i++) {
		struct mr_guest_conf g;

		snprintf(name, sizeof(name), "g%u", i);
		snprintf(prefix, sizeof(prefix), "2001:db8:300:%x::/64", i);
		snprintf(mac, sizeof(mac), "52:54:00:00:01:%02x", i);
		g = guest(name, prefix, mac);
		assert_int_equal(mr_word(w->mr, MR_WORD_RUNNING, name, &g, &t, &why), 0);
		answer(w, 0);
	}
	pass(w, 5000);
	w->n = 0;
	careof(w, COA_B);
	assert_int_equal(w->n, 50);
	for (size_t i = 0; i < 50; i++) {
		struct mh m = decoded(&w->sent[i]);

		assert_string_equal(text_addr(&w->sent[i].out.src, text), COA_B);
		assert_string_equal(text_addr(&m.opts.altcoa, text), COA_B);
	}
	audit(w);
	assert_int_equal(w->listenings, 2); /* M-58 */
	pass(w, 2000);
	assert_int_equal(w->listenings, 1);
	audit(w);
	end(w);
}

static void
without_an_address_it_waits_and_then_registers(void **state)
{
	struct world *w = world();

	(void)state;
	careof(w, NULL);
	assert_true(ip6_is_any(&w->last[MR_EVENT_CAREOF].address));
	say(w, MR_WORD_RUNNING, "web1");
	pass(w, 10000);
	assert_int_equal(w->n, 0);
	audit(w);
	careof(w, COA_B);
	assert_int_equal(w->n, 1);
	audit(w);
	end(w);
}

static void
back_to_the_previous_address_within_the_grace(void **state)
{
	struct world *w = world();
	char text[TEXT_ADDR_MAX];

	(void)state;
	say(w, MR_WORD_RUNNING, "web1");
	answer(w, 0);
	pass(w, 5000);
	careof(w, COA_B);
	pass(w, 100);
	careof(w, COA_A);
	audit(w);
	pass(w, 1);
	assert_string_equal(text_addr(&newest(w)->out.src, text), COA_A);
	answer(w, 0);
	pass(w, 3000);
	assert_int_equal(w->listenings, 1);
	assert_true(kernel_has(w, DEFAULT("default dev tunnel(" AGENT ")")));
	audit(w);
	end(w);
}

/* ---- what the guest sees ---- */

static void
an_arrival_is_advertised_to_its_mac_alone(void **state)
{
	struct world *w = world();
	struct nd_path path;
	struct nd_ra ra;

	(void)state;
	say(w, MR_WORD_INCOMING, "web1");
	assert_int_equal(w->frames, 0);
	say(w, MR_WORD_RUNNING, "web1");
	assert_int_equal(w->frames, 2);
	assert_int_equal(nd_ra_get(w->frame[1].octets, w->frame[1].n, &path, &ra), 0);
	assert_memory_equal(&path.to, &w->guests[0].mac[0], 6);
	assert_memory_equal(&path.from, &w->conf.gateway.mac, 6);
	assert_int_equal(ra.mtu, 1460);
	assert_int_equal(ra.lifetime_s, 1800);
	assert_string_equal(w->frame[1].dev, "brvm");
	pass(w, 10000);
	assert_int_equal(mr_counted(w->mr, MR_N_NA_SENT), 3);
	assert_int_equal(mr_counted(w->mr, MR_N_RA_SENT), 1);
	say(w, MR_WORD_SUSPENDED, "web1");
	pass(w, 1000000);
	assert_int_equal(mr_counted(w->mr, MR_N_RA_SENT), 1);
	end(w);
}

static void
solicit(struct world *w, const char *mac)
{
	uint8_t f[14 + 40 + 8] = { 0x33, 0x33, 0, 0, 0, 2, [12] = 0x86, 0xdd, 0x60 };
	struct nd_mac from = mac_of(mac);
	struct in6_addr src = nd_linklocal(&from), dst = addr_of("ff02::2");
	struct tick t = at_ms(w->ms);
	uint16_t sum;

	memcpy(f + 6, &from, 6);
	f[19] = 8;
	f[20] = IP6_ICMP6;
	f[21] = 255;
	memcpy(f + 22, &src, 16);
	memcpy(f + 38, &dst, 16);
	f[54] = 133;
	sum = ip6_checksum(&src, &dst, IP6_ICMP6, f + 54, 8);
	f[56] = (uint8_t)(sum >> 8);
	f[57] = (uint8_t)sum;
	mr_frame(w->mr, "brvm", f, sizeof(f), &t);
}

static void
a_solicitation_is_answered_to_guests_that_run_here(void **state)
{
	struct world *w = world();

	(void)state;
	say(w, MR_WORD_RUNNING, "web1");
	w->frames = 0;
	solicit(w, "52:54:00:00:00:01");
	assert_int_equal(w->frames, 1);
	solicit(w, "52:54:00:00:00:02"); /* web2 is not here */
	solicit(w, "52:54:00:00:00:66");
	assert_int_equal(w->frames, 1);
	assert_int_equal(mr_counted(w->mr, MR_N_RS_STRANGER), 2);
	for (int i = 0; i < 20; i++)
		solicit(w, "52:54:00:00:00:01");
	assert_int_equal(w->frames, 3);
	assert_int_equal(mr_counted(w->mr, MR_N_RS_LIMITED), 18);
	end(w);
}

static void
refused_prefixes_are_withdrawn_at_once_and_come_back(void **state)
{
	struct world *w = world();
	struct nd_path path;
	struct nd_ra ra;

	(void)state;
	say(w, MR_WORD_RUNNING, "web1");
	w->frames = 0;
	answer(w, MH_NOT_AUTHORIZED);
	pass(w, 0);
	assert_int_equal(w->frames, 1);
	assert_int_equal(nd_ra_get(w->frame[0].octets, w->frame[0].n, &path, &ra), 0);
	assert_int_equal(ra.lifetime_s + ra.prefix[0].valid_s + ra.prefix[0].preferred_s, 0);
	end(w);
}

/* ---- configuration and restart ---- */

static void
a_reload_adds_changes_and_forgets_guests(void **state)
{
	struct world *w = world();

	(void)state;
	say(w, MR_WORD_RUNNING, "web1");
	answer(w, 0);
	/* web1 vanishes while it runs here, web2 while it does not, web3 comes. */
	w->guests[0] = guest("web3", "2001:db8:200:3::/64", "52:54:00:00:00:03");
	w->conf.guests = 1;
	assert_int_equal(configure(w), 0);
	assert_int_equal(web(w, "web1")->state, MR_RUNNING);
	assert_null(mr_find(w->mr, "web2"));
	assert_non_null(mr_find(w->mr, "web3"));
	audit(w);
	say(w, MR_WORD_GONE, "web1");
	pass(w, 2000);
	assert_null(mr_find(w->mr, "web1"));
	audit(w);
	end(w);
}

static void
two_guests_may_swap_their_prefixes_in_a_reload(void **state)
{
	struct world *w = world();
	struct mr_guest_conf one = w->guests[0];

	(void)state;
	say(w, MR_WORD_RUNNING, "web1");
	w->guests[0] = guest("web1", "2001:db8:200:2::/64", "52:54:00:00:00:01");
	w->guests[1] = one;
	snprintf(w->guests[1].name, sizeof(w->guests[1].name), "web2");
	assert_int_equal(configure(w), 0);
	assert_true(ip6_prefix_equal(&web(w, "web2")->conf.prefix[0], &one.prefix[0]));
	assert_int_equal(w->n, 2); /* another Home Address: another registration */
	audit(w);
	end(w);
}

static void
a_reload_that_takes_a_visitors_prefix_is_refused(void **state)
{
	struct mr_guest_conf visitor = guest("v", "2001:db8:300::/64", "52:54:00:00:00:09");
	struct world *w = world();
	struct mr_why why;

	(void)state;
	assert_int_equal(say_why(w, MR_WORD_RUNNING, "v", &visitor, &why), 0);
	w->guests[0] = guest("web3", "2001:db8:300::/64", "52:54:00:00:00:03");
	assert_int_equal(configure(w), -EEXIST);
	assert_non_null(mr_find(w->mr, "web1"));
	assert_null(mr_find(w->mr, "web3"));
	audit(w);
	end(w);
}

static void
another_home_agent_is_registered_with_at_once(void **state)
{
	struct world *w = world();
	char text[TEXT_ADDR_MAX];

	(void)state;
	say(w, MR_WORD_RUNNING, "web1");
	answer(w, 0);
	pass(w, 5000);
	w->conf.home_agent[0] = addr_of("2001:db8:101::1");
	assert_int_equal(configure(w), 0);
	assert_int_equal(w->n, 2);
	assert_string_equal(text_addr(&newest(w)->out.dst, text), "2001:db8:101::1");
	assert_true(kernel_has(w, DEFAULT("blackhole default")));
	audit(w);
	end(w);
}

static void
words_define_and_forget_what_mrd_conf_does_not(void **state)
{
	struct mr_guest_conf g = guest("vm9", "2001:db8:900::/64", "52:54:00:00:00:09");
	struct world *w = world();
	struct tick t = at_ms(0);
	struct mr_why why;
	size_t before = w->kernel.n;

	(void)state;
	assert_int_equal(mr_define(w->mr, &g, &t, &why), 0);
	assert_non_null(strstr(w->saved.s, "guest absent \"vm9\" index 2 origin control"));
	assert_int_equal(say(w, MR_WORD_RUNNING, "vm9"), 0);
	assert_int_equal(mr_forget(w->mr, "vm9", &t, &why), -EBUSY);
	say(w, MR_WORD_GONE, "vm9");
	pass(w, 2000);
	assert_int_equal(web(w, "vm9")->state, MR_ABSENT);
	assert_int_equal(mr_forget(w->mr, "vm9", &t, &why), 0);
	assert_int_equal(w->kernel.n, before);
	assert_int_equal(mr_forget(w->mr, "web1", &t, &why), -EBUSY);
	w->guests[0].mac[0].b[5]++;
	assert_int_equal(mr_define(w->mr, &w->guests[0], &t, &why), -EBUSY);
	end(w);
}

/* What the file said, into a new core on the same kernel. */
static struct world *
restarted_at(struct world *old, const char *where)
{
	struct world *w = calloc(1, sizeof(*w));
	struct mr_state_line line;
	struct plan found = { 0 };
	struct tick t;

	w->ms = old->ms + 50;
	t = at_ms(w->ms);
	w->conf = old->conf;
	memcpy(w->guests, old->guests, sizeof(w->guests));
	w->conf.guest = w->guests;
	w->conf.guests = 2;
	for (size_t i = 0; i < old->kernel.n; i++) {
		plan_add(&w->kernel, &old->kernel.v[i]);
		plan_add(&found, &old->kernel.v[i]);
	}
	w->want = want_new(&want_ops, w);
	want_know(w->want, &found);
	w->mr = mr_new(&w->conf, &ops, w, w->want, 1);
	careof(w, where);
	for (char *at = old->saved.s; at && *at;) {
		size_t n = strcspn(at, "\n");

		assert_int_equal(mr_state_get(at, n, &line), 0);
		assert_int_equal(mr_restore(w->mr, &line.guest, &t), 0);
		at += n + 1;
	}
	assert_int_equal(configure(w), 0);
	(void)want_fix(w->want, &found, NULL);
	plan_done(&found);
	end(old);
	return w;
}

static struct world *
restarted(struct world *old)
{
	return restarted_at(old, COA_A);
}

static void
a_restart_at_any_point_ends_with_the_right_objects(void **state)
{
	static const enum mr_word words[] = { MR_WORD_INCOMING, MR_WORD_RUNNING, MR_WORD_SUSPENDED,
		MR_WORD_RUNNING, MR_WORD_GONE };

	(void)state;
	for (size_t stop = 0; stop <= countof(words); stop++) {
		struct world *w = world();
		enum mr_guest_state was;
		unsigned index;

		for (size_t i = 0; i < stop; i++) {
			assert_int_equal(say(w, words[i], "web1"), 0);
			pass(w, 400);
		}
		was = web(w, "web1")->state;
		index = web(w, "web1")->index;
		w = restarted(w);
		assert_int_equal(web(w, "web1")->state, was);
		assert_int_equal(web(w, "web1")->index, index);
		assert_int_equal(web(w, "web1")->origin, MR_ORIGIN_CONFIG);
		assert_int_equal(w->n, was == MR_RUNNING ? 1 : 0);
		audit(w);
		say(w, MR_WORD_GONE, "web1");
		pass(w, 3000);
		assert_int_equal(w->kernel.n, 2); /* an unreachable route per guest known */
		end(w);
	}
}

static void
a_restart_goes_on_with_what_is_still_good_and_registers_anew(void **state)
{
	struct world *w = world();
	size_t objects;

	(void)state;
	say(w, MR_WORD_RUNNING, "web1");
	answer(w, 0);
	mr_text_done(&w->saved);
	mr_save(w->mr, &w->saved);
	objects = w->kernel.n;
	w = restarted(w);
	assert_int_equal(web(w, "web1")->reg.state, MR_REG_BOUND);
	assert_int_equal(w->n, 1); /* a Binding Update, at once */
	audit(w);
	answer(w, 0);
	assert_int_equal(w->sets, 0); /* the guest's packets never stop */
	assert_int_equal(w->kernel.n, objects);
	end(w);
}

static void
a_restart_elsewhere_or_too_late_does_not_believe_the_file(void **state)
{
	static const struct {
		const char *careof;
		int64_t later_ms;
	} rows[] = { { COA_B, 0 }, { COA_A, 120000 }, { COA_A, -1000000 } };

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct world *w = world();

		say(w, MR_WORD_RUNNING, "web1");
		answer(w, 0);
		mr_text_done(&w->saved);
		mr_save(w->mr, &w->saved);
		w->ms += rows[i].later_ms;
		w = restarted_at(w, rows[i].careof);
		assert_int_equal(web(w, "web1")->reg.state, MR_REG_WAITING);
		audit(w);
		end(w);
	}
}

static void
a_restart_sends_a_newer_number_than_before(void **state)
{
	struct world *w = world();
	uint16_t before;

	(void)state;
	say(w, MR_WORD_RUNNING, "web1");
	before = newest_seq(w);
	w = restarted(w);
	assert_true(mh_seq_newer(newest_seq(w), before));
	end(w);
}

/* ---- any order ---- */

static void
any_two_words_in_any_state_leave_the_plan_of_the_state(void **state)
{
	static const enum mr_word to[MR_GUEST_STATES][2] = {
		[MR_ABSENT] = { MR_WORD_GONE, MR_WORD_GONE },
		[MR_INCOMING] = { MR_WORD_INCOMING, MR_WORD_INCOMING },
		[MR_RUNNING] = { MR_WORD_RUNNING, MR_WORD_RUNNING },
		[MR_SUSPENDED] = { MR_WORD_RUNNING, MR_WORD_SUSPENDED },
		[MR_LEAVING] = { MR_WORD_RUNNING, MR_WORD_GONE },
	};

	(void)state;
	for (unsigned s = 0; s < MR_GUEST_STATES; s++) {
		for (unsigned pair = 0; pair < 16; pair++) {
			struct world *w = world();

			say(w, to[s][0], "web1");
			say(w, to[s][1], "web1");
			assert_int_equal(web(w, "web1")->state, s);
			(void)say(w, (enum mr_word)(pair / 4), "web1");
			audit(w);
			(void)say(w, (enum mr_word)(pair % 4), "web1");
			audit(w);
			(void)say(w, MR_WORD_GONE, "web1");
			pass(w, 2000);
			audit(w);
			assert_int_equal(w->kernel.n, 2);
			end(w);
		}
	}
}

/* One step of a life that no hypervisor would dare. */
static void
stumble(struct world *w, uint32_t random)
{
	static const char *const names[] = { "web1", "web2", "v" };
	struct mr_guest_conf visitor = guest("v", "2001:db8:300::/64", "52:54:00:00:00:09");
	const char *name = names[(random >> 4) % 3];
	enum mr_word word = (enum mr_word)((random >> 8) % 4);
	struct tick t = at_ms(w->ms);
	struct mr_why why;

	switch (random >> 28) {
	case 0:
		careof(w, (random & 0x1000) ? COA_A : (random & 0x2000) ? COA_B : NULL);
		break;
	case 1:
	case 2:
		if (w->n > 0)
			answer(w, (random & 0x3000) ? 0 : (uint8_t)(random >> 16));
		break;
	case 3:
		w->fail_in = (random >> 16) % 8;
		break;
	case 4:
		(void)mr_refresh(w->mr, name, &t, &why);
		break;
	case 5:
		(void)mr_gone_for_good(w->mr, name, &t, &why);
		break;
	case 6:
	case 7:
		pass(w, (random >> 12) % 3000);
		break;
	case 8:
		pass(w, (random >> 12) % 100000);
		break;
	default:
		(void)say_why(w, word, name, name[0] == 'v' ? &visitor : NULL, &why);
		break;
	}
}

/* X-03 and N-27, of whatever was sent in the last step. */
static void
check_sent(struct world *w, size_t from)
{
	for (size_t i = from; i < w->n; i++) {
		const struct sent *s = &w->sent[i % SENT_MAX];
		struct mh m = decoded(s);

		assert_int_equal(m.type, MH_BU);
		assert_true(m.bu.flags & MH_BU_H);
		assert_true(ip6_equal(&s->out.src, &m.opts.altcoa));
	}
}

static void
a_hundred_thousand_random_steps_leave_no_stray_object(void **state)
{
	struct world *w = world();
	uint32_t random = 20261121;

	(void)state;
	print_message("  seed %u\n", random);
	for (int i = 0; i < 100000; i++) {
		size_t before = w->n;

		random = random * 1664525 + 1013904223;
		stumble(w, random);
		check_sent(w, before);
		if (i % 16 == 0)
			audit(w);
	}
	assert_true(w->n > 1000);
	w->fail_in = 0;
	for (int i = 0; i < 3; i++) {
		static const char *const names[] = { "web1", "web2", "v" };

		(void)say(w, MR_WORD_GONE, names[i]);
	}
	pass(w, 20000);
	audit(w);
	assert_int_equal(w->kernel.n, 2);
	w->conf.guests = 0;
	assert_int_equal(configure(w), 0);
	assert_int_equal(w->kernel.n, 0);
	end(w);
}

/* ---- prefixes that come and go ---- */

static struct nd_ra
newest_ra(const struct world *w)
{
	struct nd_path path;
	struct nd_ra ra = { 0 };

	for (size_t i = w->frames; i-- > 0;) {
		if (nd_ra_get(w->frame[i % FRAMES_MAX].octets, w->frame[i % FRAMES_MAX].n, &path,
			&ra) == 0)
			return ra;
	}
	fail_msg("no Router Advertisement");
	return ra;
}

static void
a_prefix_that_goes_is_told_to_all_and_the_rest_goes_on(void **state)
{
	struct world *w = world();
	struct nd_ra ra;

	(void)state;
	w->guests[0].prefix[w->guests[0].prefixes++] = prefix_of("2001:db8:201::/64");
	assert_int_equal(configure(w), 0);
	say(w, MR_WORD_RUNNING, "web1");
	answer(w, 0);
	pass(w, 5000);
	w->guests[0].prefixes--;
	assert_int_equal(configure(w), 0);
	assert_int_equal(w->n, 2); /* at once, with the new list */
	assert_int_equal(decoded(newest(w)).opts.n[MH_OPT_PREFIX], 1);
	assert_int_equal(web(w, "web1")->reg.state, MR_REG_BOUND); /* the tunnel stays in use */
	for (size_t i = 0; i < w->kernel.n; i++)
		assert_false(
		    w->kernel.v[i].kind == KOBJ_ROUTE &&
		    ip6_prefix_equal(&w->kernel.v[i].route.dst,
			&(struct ip6_prefix){ .addr = addr_of("2001:db8:201::"), .len = 64 }));
	pass(w, 0);
	ra = newest_ra(w);
	assert_int_equal(ra.prefixes, 2);
	assert_true(ra.prefix[0].valid_s > 0 && ra.lifetime_s > 0);
	assert_int_equal(ra.prefix[1].valid_s + ra.prefix[1].preferred_s, 0);
	answer(w, 0);
	audit(w);

	/* And it comes back. */
	w->guests[0].prefixes++;
	assert_int_equal(configure(w), 0);
	assert_int_equal(decoded(newest(w)).opts.n[MH_OPT_PREFIX], 2);
	pass(w, 0);
	ra = newest_ra(w);
	assert_int_equal(ra.prefixes, 2);
	assert_true(ra.prefix[0].valid_s > 0 && ra.prefix[1].valid_s > 0);
	audit(w);
	end(w);
}

/* ---- several home agents ---- */

#define SECOND "2001:db8:100::2"

/* A world with two home agents. */
static struct world *
world_of_two(enum mr_mode mode)
{
	struct world *w = world();

	w->conf.home_agent[w->conf.home_agents++] = addr_of(SECOND);
	w->conf.mode = mode;
	assert_int_equal(configure(w), 0);
	return w;
}

static const char *
asked(const struct world *w)
{
	static char text[TEXT_ADDR_MAX];

	return text_addr(&newest(w)->out.dst, text);
}

/* Tunnels of ours to this home agent. */
static size_t
tunnels_to(const struct world *w, const char *agent)
{
	struct in6_addr a = addr_of(agent);
	size_t n = 0;

	for (size_t i = 0; i < w->kernel.n; i++)
		n += w->kernel.v[i].kind == KOBJ_TUNNEL &&
		     ip6_equal(&w->kernel.v[i].tunnel.remote, &a);
	return n;
}

static void
a_refusal_leads_to_the_next_home_agent_and_the_tunnel_follows(void **state)
{
	struct world *w = world_of_two(MR_EXPLICIT);

	(void)state;
	say(w, MR_WORD_RUNNING, "web1");
	answer(w, 0);
	assert_int_equal(tunnels_to(w, SECOND), 0);
	pass(w, 60000);
	answer(w, MH_ROUTER_NOT_PERMITTED);
	assert_int_equal(w->events[MR_EVENT_REFUSED], 1);
	assert_false(w->last[MR_EVENT_REFUSED].fatal);
	assert_int_equal(w->events[MR_EVENT_AGENT], 1);
	assert_true(kernel_has(w, DEFAULT("blackhole default")));
	assert_int_equal(tunnels_to(w, SECOND), 1);
	audit(w);
	pass(w, 1499);
	assert_int_equal(w->n, 2);
	pass(w, 1);
	assert_int_equal(w->n, 3);
	assert_string_equal(asked(w), SECOND);
	answer(w, 0);
	assert_int_equal(web(w, "web1")->reg.state, MR_REG_BOUND);
	assert_int_equal(web(w, "web1")->tried.n, 0);
	assert_true(kernel_has(w, DEFAULT("default dev tunnel(" SECOND ")")));
	assert_int_equal(tunnels_to(w, AGENT), 1); /* what is under way is still taken */
	pass(w, 500);
	assert_int_equal(tunnels_to(w, AGENT), 0);
	audit(w);
	end(w);
}

static void
nobody_takes_it_so_it_stops_and_says_so(void **state)
{
	struct world *w = world_of_two(MR_EXPLICIT_FIRST);

	(void)state;
	say(w, MR_WORD_RUNNING, "web1");
	assert_int_equal(decoded(newest(w)).opts.n[MH_OPT_PREFIX], 1);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(w->n, (size_t)i + 1);
		assert_string_equal(asked(w), i % 2 == 0 ? AGENT : SECOND);
		assert_int_equal(decoded(newest(w)).opts.n[MH_OPT_PREFIX], i < 2);
		assert_false(web(w, "web1")->withdrawn);
		answer(w, i < 2 ? MH_NOT_AUTHORIZED : MH_FORWARDING_FAILED);
		assert_int_equal(w->last[MR_EVENT_REFUSED].fatal, i == 3);
		pass(w, 1500);
	}
	assert_true(web(w, "web1")->withdrawn);
	assert_int_equal(web(w, "web1")->reg.state, MR_REG_STOPPED);
	assert_int_equal(web(w, "web1")->tried.n, 4);
	assert_true(kernel_has(w, DEFAULT("unreachable default")));
	pass(w, 1000000);
	assert_int_equal(w->n, 4);
	audit(w);
	end(w);
}

static void
the_operators_word_begins_with_the_first_again(void **state)
{
	struct world *w = world_of_two(MR_EXPLICIT);
	struct mr_why why;
	struct tick t;

	(void)state;
	say(w, MR_WORD_RUNNING, "web1");
	answer(w, MH_ROUTER_NOT_PERMITTED);
	pass(w, 1500);
	answer(w, MH_ROUTER_NOT_PERMITTED);
	pass(w, 5000);
	t = at_ms(w->ms);
	assert_int_equal(mr_refresh(w->mr, "web1", &t, &why), 0);
	assert_string_equal(asked(w), AGENT);
	answer(w, MH_ROUTER_NOT_PERMITTED);
	pass(w, 1500);
	assert_string_equal(asked(w), SECOND); /* and all of them */
	answer(w, 0);
	assert_int_equal(web(w, "web1")->reg.state, MR_REG_BOUND);
	audit(w);
	end(w);
}

static void
accepted_without_r_it_deregisters_before_it_asks_the_next(void **state)
{
	struct world *w = world_of_two(MR_EXPLICIT);
	struct mh m;

	(void)state;
	say(w, MR_WORD_RUNNING, "web1");
	m = ack(newest_seq(w), 0);
	m.ba.flags = 0;
	hear(w, (struct from){ AGENT, COA_A, "2001:db8:200:1::1" }, &m);
	assert_int_equal(w->n, 2);
	assert_string_equal(asked(w), AGENT);
	assert_int_equal(decoded(newest(w)).bu.lifetime_s, 0);
	answer(w, 0);
	pass(w, 1499);
	assert_int_equal(w->n, 2);
	pass(w, 1);
	assert_string_equal(asked(w), SECOND);
	answer(w, 0);
	assert_int_equal(web(w, "web1")->reg.state, MR_REG_BOUND);
	end(w);
}

/* The home link says who its home agents are. */
static void
home_link_answers(struct world *w, uint16_t id, const char *const *agents)
{
	struct icmp6_dhaad reply = { .reply = true, .id = id, .mobile_router = true };
	struct ip6_mh_packet p = { .upper = IP6_ICMP6 };
	struct wire_writer out;
	struct tick t = at_ms(w->ms);
	uint8_t octets[600];

	out = (struct wire_writer){ .base = octets, .len = sizeof(octets) };
	for (; *agents; agents++)
		reply.agent[reply.n++] = addr_of(*agents);
	p.src = addr_of(AGENT);
	p.dst = addr_of(COA_A);
	assert_int_equal(icmp6_dhaad_put(&out, &reply, &p.src, &p.dst), 0);
	p.icmp6 = octets;
	p.icmp6_len = out.pos;
	mr_mobile(w->mr, &p, &t);
}

static uint16_t
discovery_asked(struct world *w, size_t times)
{
	struct wire_reader r = { .base = w->icmp6, .len = w->icmp6_n };
	struct icmp6_dhaad request;

	assert_int_equal(w->icmp6_sent, times);
	assert_int_equal(icmp6_dhaad_get(&r, &request), 0);
	assert_false(request.reply);
	assert_true(request.mobile_router);
	return request.id;
}

static void
home_agents_are_found_and_used_in_the_order_of_the_reply(void **state)
{
	static const char *const found[] = { SECOND, AGENT, NULL };
	struct world *w = world();
	uint16_t id;

	(void)state;
	w->conf.home_agents = 0;
	w->conf.discover[w->conf.discover_n++] = prefix_of("2001:db8:100::/64");
	assert_int_equal(configure(w), 0);
	id = discovery_asked(w, 1);
	say(w, MR_WORD_RUNNING, "web1");
	pass(w, 2999);
	assert_int_equal(w->n, 0); /* nobody to register with */
	home_link_answers(w, (uint16_t)(id + 1), found);
	assert_int_equal(mr_counted(w->mr, MR_N_DISCOVERY_UNASKED), 1);
	pass(w, 1);
	assert_int_equal(discovery_asked(w, 2), id);
	home_link_answers(w, id, found);
	assert_int_equal(w->events[MR_EVENT_DISCOVERED], 1);
	assert_int_equal(w->n, 1);
	assert_string_equal(asked(w), SECOND);
	answer(w, MH_ROUTER_NOT_PERMITTED);
	pass(w, 1500);
	assert_string_equal(asked(w), AGENT);
	answer(w, 0);
	assert_int_equal(web(w, "web1")->reg.state, MR_REG_BOUND);
	audit(w);
	end(w);
}

/* ---- the home prefix ---- */

/* The newest solicitation, as the network carries it: its identifier. */
static uint16_t
solicited(struct world *w, size_t times)
{
	uint8_t octets[200];
	struct wire_writer out = { .base = octets, .len = sizeof(octets) };
	struct ip6_mh_packet p;
	struct wire_reader r;
	struct icmp6_mps mps;
	struct in6_addr home = web(w, "web1")->conf.home_address, coa = web(w, "web1")->reg.careof;

	assert_int_equal(w->icmp6_sent, times);
	assert_int_equal(mr_counted(w->mr, MR_N_PREFIX_SENT), times);
	assert_int_equal(ip6_icmp6_packet_put(&out, &w->icmp6_out), 0);
	assert_int_equal(ip6_mh_packet_get(octets, out.pos, &p), 0);
	assert_true(p.has_hao && !p.has_rh2);
	assert_true(ip6_equal(&p.hao, &home) && ip6_equal(&p.src, &coa));
	assert_true(ip6_equal(&p.dst, &web(w, "web1")->reg.with.home_agent));
	assert_int_equal(ip6_checksum(&home, &p.dst, IP6_ICMP6, p.icmp6, p.icmp6_len), 0);
	r = (struct wire_reader){ .base = p.icmp6, .len = p.icmp6_len };
	assert_int_equal(icmp6_mps_get(&r, &mps), 0);
	return mps.id;
}

static void
advertise(struct world *w, struct from f, uint16_t id, const char *prefix, uint32_t valid_s)
{
	struct icmp6_mpa mpa = {
		.id = id, .n = 1, .prefix = { { .prefix = prefix_of(prefix), .valid_s = valid_s } }
	};
	uint8_t octets[300], message[200];
	struct wire_writer mw = { .base = message, .len = sizeof(message) };
	struct wire_writer pw = { .base = octets, .len = sizeof(octets) };
	struct ip6_icmp6_out out = { .src = addr_of(f.src), .dst = addr_of(f.dst) };
	struct tick t = at_ms(w->ms);
	struct ip6_mh_packet p;

	out.with_rh2 = f.home != NULL;
	out.home = f.home ? addr_of(f.home) : out.dst;
	assert_int_equal(icmp6_mpa_put(&mw, &mpa, &out.src, &out.home), 0);
	out.icmp6 = message;
	out.icmp6_len = mw.pos;
	assert_int_equal(ip6_icmp6_packet_put(&pw, &out), 0);
	assert_int_equal(ip6_mh_packet_get(octets, pw.pos, &p), 0);
	mr_mobile(w->mr, &p, &t);
}

#define HOME1 "2001:db8:200:1::1"
#define HOME_PREFIX "2001:db8:200::/48"
static const struct from home_agent = { AGENT, COA_A, HOME1 };

static struct world *
registered_with(uint8_t status)
{
	struct world *w = world();

	say(w, MR_WORD_RUNNING, "web1");
	answer(w, status);
	assert_int_equal(web(w, "web1")->reg.state, MR_REG_BOUND);
	return w;
}

static void
status_1_is_asked_about_before_it_registers_again(void **state)
{
	struct world *w = registered_with(MH_ACCEPTED_PREFIX_DISCOVERY);
	uint16_t id = solicited(w, 1);

	(void)state;
	pass(w, 3000);
	assert_int_equal(solicited(w, 2), id);
	advertise(w, home_agent, id, HOME_PREFIX, 100);
	assert_int_equal(mr_counted(w->mr, MR_N_PREFIX_LEARNT), 1);
	assert_int_equal(w->events[MR_EVENT_PREFIX], 1);
	pass(w, 56999);
	assert_int_equal(w->n, 1);
	pass(w, 1);
	assert_int_equal(w->n, 2);
	assert_int_equal(decoded(newest(w)).bu.lifetime_s, 40); /* 43 s are left */
	assert_int_equal(w->icmp6_sent, 2);
	answer(w, MH_ACCEPTED); /* limited, so it is asked again */
	advertise(w, home_agent, solicited(w, 3), HOME_PREFIX, 4000);
	pass(w, 20000);
	assert_int_equal(decoded(newest(w)).bu.lifetime_s, 120);
	answer(w, MH_ACCEPTED);
	assert_int_equal(w->icmp6_sent, 3);
	audit(w);
	end(w);
}

static void
a_home_agent_that_tells_no_prefixes_keeps_its_guest(void **state)
{
	struct world *w = registered_with(MH_ACCEPTED_PREFIX_DISCOVERY);

	(void)state;
	pass(w, 89999);
	assert_int_equal(w->n, 1);
	solicited(w, 5);
	pass(w, 1);
	assert_int_equal(w->n, 2);
	answer(w, MH_ACCEPTED);
	pass(w, 60000);
	answer(w, MH_ACCEPTED);
	assert_int_equal(w->icmp6_sent, 5);
	assert_int_equal(web(w, "web1")->reg.state, MR_REG_BOUND);
	end(w);
}

static void
prefixes_that_are_told_unasked_are_asked_for(void **state)
{
	struct world *w = registered_with(MH_ACCEPTED);

	(void)state;
	assert_int_equal(w->icmp6_sent, 0);
	advertise(w, home_agent, 0, HOME_PREFIX, 8);
	assert_int_equal(mr_counted(w->mr, MR_N_PREFIX_UNASKED), 1);
	assert_int_equal(web(w, "web1")->reg.valid_until.ms, INT64_MAX);
	advertise(w, home_agent, solicited(w, 1), HOME_PREFIX, 8000);
	assert_int_equal(mr_counted(w->mr, MR_N_PREFIX_LEARNT), 1);
	for (int i = 0; i < 1000; i++) { /* a flood of guesses: the next question is 3 s later */
		advertise(w, home_agent, (uint16_t)i, HOME_PREFIX, 8);
		pass(w, 2);
	}
	assert_int_equal(w->icmp6_sent, 1);
	pass(w, 1000);
	assert_int_equal(w->icmp6_sent, 2);
	assert_int_equal(web(w, "web1")->reg.valid_until.ms, at_ms(8000000).now.ms);
	assert_int_equal(w->n, 1);
	end(w);
}

static void
prefixes_from_elsewhere_change_nothing(void **state)
{
	static const struct {
		struct from from;
		const char *prefix;
		enum mr_count count;
	} rows[] = {
		{ { "2001:db8:bad::1", COA_A, HOME1 }, HOME_PREFIX, MR_N_MH_STRANGER },
		{ { AGENT, COA_A, "2001:db8:200:9::1" }, HOME_PREFIX, MR_N_MH_NOT_OURS },
		{ { AGENT, COA_A, "2001:db8:200:2::1" }, HOME_PREFIX, MR_N_MH_NOT_HERE },
		{ { AGENT, COA_A, NULL }, HOME_PREFIX, MR_N_MH_NO_HOME },
		{ { AGENT, HOME1, NULL }, HOME_PREFIX, MR_N_MH_NO_HOME },
		{ { AGENT, COA_A, HOME1 }, "2001:db8:300::/48", MR_N_PREFIX_OTHERS },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct world *w = registered_with(MH_ACCEPTED_PREFIX_DISCOVERY);

		advertise(w, rows[i].from, solicited(w, 1), rows[i].prefix, 0);
		assert_int_equal(mr_counted(w->mr, rows[i].count), 1);
		assert_int_equal(mr_counted(w->mr, MR_N_PREFIX_LEARNT), 0);
		assert_int_equal(web(w, "web1")->reg.valid_until.ms, INT64_MAX);
		end(w);
	}
}

static void
who_is_not_registered_from_here_asks_for_no_prefix(void **state)
{
	struct world *w = registered_with(MH_ACCEPTED_PREFIX_DISCOVERY);

	(void)state;
	say(w, MR_WORD_SUSPENDED, "web1");
	advertise(w, home_agent, 0, HOME_PREFIX, 8);
	pass(w, 100000);
	assert_int_equal(w->icmp6_sent, 1);
	say(w, MR_WORD_GONE, "web1");
	advertise(w, home_agent, 0, HOME_PREFIX, 8);
	pass(w, 100000);
	assert_int_equal(w->icmp6_sent, 1);
	say(w, MR_WORD_RUNNING, "web1");
	answer(w, MH_ACCEPTED);
	pass(w, 50000);
	assert_int_equal(w->icmp6_sent, 1);
	end(w);
}

/* 134 though nobody has the address: the host at home never heard `suspended`. */
static void
after_134_a_refresh_or_a_new_life_registers_and_a_reload_does_not(void **state)
{
	struct world *w = world();
	struct tick t;
	struct mr_why why;

	(void)state;
	say(w, MR_WORD_RUNNING, "web1");
	answer(w, MH_DAD_FAILED);
	assert_int_equal(web(w, "web1")->reg.state, MR_REG_BARRED);
	say(w, MR_WORD_RUNNING, "web1");
	w->conf.lifetime_ms = 80000;
	assert_int_equal(configure(w), 0);
	w->conf.home_agent[0] = addr_of(SECOND);
	assert_int_equal(configure(w), 0);
	pass(w, 1000000);
	assert_int_equal(w->n, 1);
	assert_int_equal(web(w, "web1")->reg.state, MR_REG_BARRED);

	t = at_ms(w->ms);
	assert_int_equal(mr_refresh(w->mr, "web1", &t, &why), 0);
	assert_int_equal(w->n, 2);
	assert_string_equal(asked(w), SECOND);
	answer(w, MH_DAD_FAILED);
	assert_int_equal(web(w, "web1")->reg.state, MR_REG_BARRED);

	say(w, MR_WORD_GONE, "web1");
	pass(w, 10000);
	assert_int_equal(w->n, 2);
	say(w, MR_WORD_RUNNING, "web1");
	assert_int_equal(w->n, 3);
	answer(w, MH_ACCEPTED);
	assert_int_equal(web(w, "web1")->reg.state, MR_REG_BOUND);
	audit(w);
	end(w);
}

static void
when_nobody_takes_it_the_home_link_is_asked_for_others(void **state)
{
	static const char *const found[] = { AGENT, SECOND, NULL };
	struct world *w = world();

	(void)state;
	w->conf.discover[w->conf.discover_n++] = prefix_of("2001:db8:100::/64");
	assert_int_equal(configure(w), 0);
	home_link_answers(w, discovery_asked(w, 1), (const char *const[]){ AGENT, NULL });
	pass(w, 100000);
	say(w, MR_WORD_RUNNING, "web1");
	answer(w, MH_ROUTER_NOT_PERMITTED);
	assert_int_equal(web(w, "web1")->reg.state, MR_REG_STOPPED);
	home_link_answers(w, discovery_asked(w, 2), found);
	pass(w, 1500);
	assert_string_equal(asked(w), SECOND);
	answer(w, 0);
	assert_int_equal(web(w, "web1")->reg.state, MR_REG_BOUND);
	audit(w);
	end(w);
}

static void
silence_leads_to_the_next_for_other_guests_too(void **state)
{
	struct world *w = world_of_two(MR_EXPLICIT);

	(void)state;
	say(w, MR_WORD_RUNNING, "web1");
	pass(w, 78499);
	assert_string_equal(asked(w), AGENT);
	pass(w, 1);
	assert_string_equal(asked(w), SECOND);
	answer(w, 0);
	say(w, MR_WORD_RUNNING, "web2"); /* the first has not been heard since */
	assert_string_equal(asked(w), SECOND);
	say(w, MR_WORD_GONE, "web2");
	assert_string_equal(asked(w), SECOND);
	end(w);
}

static void
a_new_care_of_address_is_told_first_where_it_is_still_registered(void **state)
{
	struct world *w = world_of_two(MR_EXPLICIT);

	(void)state;
	w->conf.lifetime_ms = 240000;
	w->conf.next_agent_ms = 4000;
	assert_int_equal(configure(w), 0);
	say(w, MR_WORD_RUNNING, "web1");
	answer(w, 0);
	pass(w, 60000 + 7000); /* refreshed at 60 s: 1, 2 and 4 s in vain */
	assert_string_equal(asked(w), SECOND);
	pass(w, 1500);
	careof(w, COA_B);
	assert_string_equal(asked(w), SECOND); /* 1.5 s before the next, whoever it is */
	pass(w, 1500);
	assert_string_equal(asked(w), AGENT);
	answer(w, 0);
	assert_int_equal(web(w, "web1")->reg.state, MR_REG_BOUND);
	audit(w);
	end(w);
}

static void
a_reload_that_keeps_the_home_agent_in_use_changes_nothing(void **state)
{
	struct world *w = world_of_two(MR_EXPLICIT);

	(void)state;
	say(w, MR_WORD_RUNNING, "web1");
	answer(w, 0);
	w->conf.home_agent[0] = addr_of(SECOND);
	w->conf.home_agent[1] = addr_of(AGENT);
	assert_int_equal(configure(w), 0);
	assert_int_equal(w->n, 1);
	assert_int_equal(web(w, "web1")->reg.state, MR_REG_BOUND);
	w->conf.home_agents = 1; /* now it is no more */
	assert_int_equal(configure(w), 0);
	assert_string_equal(asked(w), SECOND);
	audit(w);
	end(w);
}

static void
a_restart_goes_on_with_the_home_agent_and_mode_it_had(void **state)
{
	struct world *w = world_of_two(MR_IMPLICIT_FIRST);

	(void)state;
	say(w, MR_WORD_RUNNING, "web1");
	answer(w, MH_FORWARDING_FAILED);
	pass(w, 1500);
	answer(w, MH_FORWARDING_FAILED);
	pass(w, 1500);
	assert_string_equal(asked(w), AGENT);
	answer(w, MH_NOT_AUTHORIZED);
	pass(w, 1500);
	assert_string_equal(asked(w), SECOND);
	answer(w, 0);
	mr_text_done(&w->saved);
	mr_save(w->mr, &w->saved);
	w = restarted(w);
	assert_int_equal(web(w, "web1")->reg.state, MR_REG_BOUND);
	assert_string_equal(asked(w), SECOND);
	assert_int_equal(decoded(newest(w)).opts.n[MH_OPT_PREFIX], 1);
	answer(w, 0);
	assert_int_equal(w->sets, 0);
	end(w);
}

/* ---- the home link ---- */

/* Home link and prefixes of guests share 2001:db8:200::/48. */
static struct world *
home_world(void)
{
	struct world *w = world();

	w->conf.home_prefix[w->conf.home_prefixes++] = prefix_of("2001:db8:200::/48");
	assert_int_equal(configure(w), 0);
	return w;
}

static struct world *
bound_abroad(void)
{
	struct world *w = home_world();

	say(w, MR_WORD_RUNNING, "web1");
	answer(w, 0);
	assert_int_equal(web(w, "web1")->reg.state, MR_REG_BOUND);
	return w;
}

static void
hear_frame(struct world *w, const struct wire_writer *f)
{
	struct tick t = at_ms(w->ms);

	mr_frame(w->mr, "up", f->base, f->pos, &t);
}

/* The home agent, which defends the Home Address, to all nodes (M-62). */
static void
agent_answers_solicitation(struct world *w, const char *target)
{
	uint8_t octets[ND_FRAME_MAX];
	struct wire_writer f = { .base = octets, .len = sizeof(octets) };
	struct nd_path path = { .src = addr_of(AGENT), .dst = addr_of("ff02::1") };
	struct in6_addr a = addr_of(target);

	path.from = mac_of("02:00:00:00:00:01");
	path.to = nd_group_mac(&path.dst);
	assert_int_equal(nd_na_put(&f, &path, &a, &path.from, ND_NA_R), 0);
	hear_frame(w, &f);
}

static size_t
uplink_frames(const struct world *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->frames && i < FRAMES_MAX; i++)
		n += strcmp(w->frame[i].dev, "up") == 0;
	return n;
}

static bool
listens(const struct world *w, const char *addr)
{
	struct in6_addr a = addr_of(addr);

	for (size_t i = 0; i < w->listenings; i++) {
		if (ip6_equal(&w->listening[i], &a))
			return true;
	}
	return false;
}

static void
coming_home_solicits_then_deregisters_then_announces(void **state)
{
	struct world *w = bound_abroad();
	struct in6_addr hoa = addr_of(HOA), target;
	struct nd_path path;
	struct nd_na na;
	struct mh m;
	size_t f;

	(void)state;
	careof(w, COA_HOME);
	/* One solicitation, from ::, for the Home Address; no Binding Update yet. */
	assert_int_equal(w->n, 1);
	f = (w->frames - 1) % FRAMES_MAX;
	assert_string_equal(w->frame[f].dev, "up");
	assert_int_equal(nd_ns_get(w->frame[f].octets, w->frame[f].n, &path, &target), 0);
	assert_true(ip6_is_any(&path.src));
	assert_true(ip6_equal(&target, &hoa));
	assert_false(kernel_has(w, "address " HOA "/128 dev up home"));

	agent_answers_solicitation(w, HOA);
	assert_int_equal(w->n, 2);
	m = decoded(newest(w));
	assert_true(ip6_equal(&newest(w)->out.src, &hoa));
	assert_false(newest(w)->out.with_hao);
	assert_int_equal(m.bu.lifetime_s, 0);
	assert_int_equal(m.bu.flags & (MH_BU_A | MH_BU_H), MH_BU_A | MH_BU_H);
	assert_true(ip6_equal(&m.opts.altcoa, &hoa));
	assert_int_equal(m.opts.n[MH_OPT_PREFIX], 0);
	assert_true(listens(w, HOA));
	/* From now on it answers for the Home Address, but says nothing unasked. */
	assert_true(kernel_has(w, "address " HOA "/128 dev up home"));
	assert_true(kernel_has(w, "neighbour " AGENT " dev up lladdr 02:00:00:00:00:01"));
	assert_int_equal(uplink_frames(w), 1);

	answer(w, 0);
	assert_int_equal(web(w, "web1")->reg.state, MR_REG_HOME);
	assert_int_equal(w->events[MR_EVENT_RETURNED], 1);
	assert_false(kernel_has(w, "neighbour " AGENT " dev up lladdr 02:00:00:00:00:01"));
	pass(w, 10000);
	assert_int_equal(uplink_frames(w), 4);
	f = (w->frames - 1) % FRAMES_MAX;
	while (strcmp(w->frame[f].dev, "up") != 0)
		f--;
	assert_int_equal(nd_na_get(w->frame[f].octets, w->frame[f].n, &path, &na), 0);
	assert_true(ip6_equal(&na.target, &hoa));
	assert_int_equal(na.flags, ND_NA_R | ND_NA_O);
	assert_true(na.has_mac);
	pass(w, 1000000);
	assert_int_equal(w->n, 2);
	end(w);
}

static void
an_unanswered_solicitation_delays_it_a_second(void **state)
{
	struct world *w = bound_abroad();

	(void)state;
	careof(w, COA_HOME);
	pass(w, 999);
	assert_int_equal(w->n, 1);
	pass(w, 1);
	assert_int_equal(w->n, 2);
	assert_int_equal(decoded(newest(w)).bu.lifetime_s, 0);
	end(w);
}

static void
strange_frames_on_the_uplink_do_nothing(void **state)
{
	struct world *w = bound_abroad();
	uint8_t octets[ND_FRAME_MAX] = { 0 };
	struct wire_writer f = { .base = octets, .len = sizeof(octets), .pos = 90 };

	(void)state;
	hear_frame(w, &f);
	agent_answers_solicitation(w, HOA); /* nobody asked */
	agent_answers_solicitation(w, "2001:db8:dead::1");
	careof(w, COA_HOME);
	agent_answers_solicitation(w, "2001:db8:200:2::1"); /* known, and not here */
	assert_int_equal(w->n, 1);
	assert_int_equal(web(w, "web1")->homing.phase, MR_ASKING);
	end(w);
}

static void
away_from_home_again_it_registers(void **state)
{
	struct world *w = bound_abroad();

	(void)state;
	careof(w, COA_HOME);
	agent_answers_solicitation(w, HOA);
	answer(w, 0);
	careof(w, COA_B);
	assert_int_equal(web(w, "web1")->reg.state, MR_REG_WAITING);
	assert_int_equal(decoded(newest(w)).bu.lifetime_s, 120);
	assert_true(newest(w)->out.with_hao);
	assert_false(listens(w, HOA));
	assert_true(kernel_has(w, "address " HOA "/128 dev lo home"));
	assert_false(kernel_has(w, "address " HOA "/128 dev up home"));
	answer(w, 0);
	assert_int_equal(web(w, "web1")->reg.state, MR_REG_BOUND);
	end(w);
}

/* Shut down and started again within a round trip. */
static void
the_answer_to_a_farewell_is_none_to_what_came_after_it(void **state)
{
	struct world *w = world();
	struct tick t = at_ms(0);
	struct mr_why why;
	uint16_t farewell;
	struct mh m;

	(void)state;
	say(w, MR_WORD_RUNNING, "web1");
	answer(w, 0);
	assert_int_equal(mr_gone_for_good(w->mr, "web1", &t, &why), 0);
	farewell = newest_seq(w);
	say(w, MR_WORD_RUNNING, "web1");
	m = (struct mh){ .type = MH_BA, .ba = { .seq = farewell } };
	hear(w, (struct from){ AGENT, COA_A, HOA }, &m);
	assert_int_equal(web(w, "web1")->reg.state, MR_REG_WAITING);
	answer(w, 0);
	assert_int_equal(web(w, "web1")->reg.state, MR_REG_BOUND);
	end(w);
}

/* Whoever is not to come is not waited for, whatever the word. */
static void
who_is_awaited_and_ends_takes_the_question_back(void **state)
{
	struct world *w = world();
	struct tick t = at_ms(0);
	struct mr_why why;
	struct mh m;
	struct hand h;

	(void)state;
	w->conf.ask = true;
	w->conf.ask_timeout_ms = 1000;
	assert_int_equal(configure(w), 0);
	say(w, MR_WORD_INCOMING, "web1");
	assert_int_equal(w->n, 1);
	assert_int_equal(mr_gone_for_good(w->mr, "web1", &t, &why), 0);
	assert_int_equal(w->n, 2);
	m = decoded(newest(w));
	assert_int_equal(hand_get(&m, &h), 0);
	assert_int_equal(h.kind, HAND_ASK);
	assert_int_equal(h.code, 0);
	end(w);
}

/* It came from a host abroad, and goes abroad again. */
static void
a_guest_that_migrates_home_and_away_again(void **state)
{
	struct world *w = home_world();
	size_t frames;

	(void)state;
	careof(w, COA_HOME);
	assert_int_equal(w->frames, 0);
	say(w, MR_WORD_INCOMING, "web1"); /* asked for as early as that */
	assert_int_equal(uplink_frames(w), 1);
	agent_answers_solicitation(w, HOA);
	assert_int_equal(w->n, 0);
	say(w, MR_WORD_RUNNING, "web1");
	assert_int_equal(w->n, 1);
	answer(w, 133);
	assert_int_equal(web(w, "web1")->reg.state, MR_REG_HOME);

	say(w, MR_WORD_SUSPENDED, "web1");
	assert_true(kernel_has(w, "address " HOA "/128 dev lo home"));
	assert_false(kernel_has(w, "address " HOA "/128 dev up home"));
	frames = uplink_frames(w);
	pass(w, 5000);
	assert_int_equal(uplink_frames(w), frames); /* announces no more */
	say(w, MR_WORD_GONE, "web1");
	assert_int_equal(w->n, 1);
	assert_false(listens(w, HOA));
	assert_true(kernel_has(w, "route blackhole 2001:db8:200:1::/64 table 5201 metric 1024"));
	pass(w, 10000);
	assert_false(kernel_has(w, "route blackhole 2001:db8:200:1::/64 table 5201 metric 1024"));
	assert_int_equal(w->n, 1);
	end(w);
}

static void
its_home_address_on_the_uplink_is_no_care_of_address(void **state)
{
	struct world *w = bound_abroad();
	struct mr_move_addr v[2] = { { .permanent = true }, { .permanent = true } };
	struct tick t = at_ms(0);

	(void)state;
	v[0].addr = addr_of(HOA);
	v[1].addr = addr_of(COA_HOME);
	mr_addresses(w->mr, v, 2, &t);
	assert_true(ip6_equal(&mr_host(w->mr)->careof, &v[1].addr));
	mr_addresses(w->mr, v, 1, &t); /* and with it alone the host is nowhere */
	assert_true(ip6_is_any(&mr_host(w->mr)->careof));
	assert_int_equal(web(w, "web1")->homing.phase, MR_ABROAD);
	end(w);
}

static void
a_new_configuration_decides_who_is_at_home(void **state)
{
	struct world *w = world();

	(void)state;
	careof(w, COA_HOME);
	say(w, MR_WORD_RUNNING, "web1");
	answer(w, 0);
	w->conf.home_prefix[w->conf.home_prefixes++] = prefix_of("2001:db8:200::/48");
	assert_int_equal(configure(w), 0);
	assert_int_equal(web(w, "web1")->homing.phase, MR_ASKING);
	agent_answers_solicitation(w, HOA);
	assert_int_equal(decoded(newest(w)).bu.lifetime_s, 0);
	w->conf.home_prefixes = 0;
	assert_int_equal(configure(w), 0);
	assert_int_equal(decoded(newest(w)).bu.lifetime_s, 120);
	end(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("M-51 M-38", status_1_is_asked_about_before_it_registers_again),
		TEST("M-51", a_home_agent_that_tells_no_prefixes_keeps_its_guest),
		TEST("M-51", prefixes_that_are_told_unasked_are_asked_for),
		TEST("M-51", prefixes_from_elsewhere_change_nothing),
		TEST("M-51 X-03", who_is_not_registered_from_here_asks_for_no_prefix),
		TEST("M-52", after_134_a_refresh_or_a_new_life_registers_and_a_reload_does_not),
		TEST("M-38 M-39 M-40 N-04 N-07 M-06",
		    running_registers_at_once_with_what_the_rfcs_ask_for),
		TEST("N-08 N-09 N-10", every_refresh_lists_the_same_prefixes),
		TEST("N-03 N-07", implicit_mode_lists_none),
		TEST("N-27", the_tunnel_carries_the_guest_only_after_the_answer),
		TEST("M-49 N-34", a_lapse_and_a_refusal_make_the_default_unreachable),
		TEST("N-25", an_arrival_from_incoming_changes_little_before_it_is_told),
		TEST("X-01", a_late_incoming_takes_no_running_guest_off_the_air),
		TEST("X-03", a_cancelled_migration_leaves_nothing_and_sends_nothing),
		TEST("X-03", cancel_leaves_a_guest_that_is_here_and_one_that_is_not_alone),
		TEST("X-06 X-03", gone_takes_late_packets_for_the_grace_and_then_leaves_nothing),
		TEST("N-21 M-39", gone_for_good_deregisters_without_prefixes),
		TEST("M-47", the_answer_to_a_farewell_is_none_to_what_came_after_it),
		TEST("X-09", who_is_awaited_and_ends_takes_the_question_back),
		TEST("X-01", a_word_that_cannot_be_done_says_why_and_changes_nothing),
		TEST("X-01", keys_that_agree_are_taken_in_part_or_whole),
		TEST("X-03", the_file_is_written_before_the_kernel_is_touched),
		TEST("X-03", an_arrival_the_kernel_refuses_is_refused_and_taken_back),
		TEST("X-03", a_guest_that_runs_is_tried_again_until_the_kernel_agrees),
		TEST("X-03", a_link_that_is_not_there_refuses_an_arrival),
		TEST("M-57 M-47", what_is_no_answer_of_ours_is_dropped_and_counted),
		TEST("M-47", an_answer_that_is_not_authentic_is_not_believed),
		TEST("M-02", an_unknown_type_is_answered_with_a_binding_error),
		TEST("M-03 M-04", a_header_at_fault_is_answered_with_a_pointer_to_it),
		TEST("M-01", a_bad_checksum_is_dropped_without_a_word),
		TEST("M-55", a_refresh_request_is_answered_if_it_is_the_home_agents),
		TEST("M-54", a_binding_error_1_registers_again_and_2_does_not),
		TEST("M-56", parameter_problem_1_makes_it_wait_and_2_changes_nothing),
		TEST("X-04 M-44 M-58", a_new_care_of_address_is_told_for_every_guest_at_once),
		TEST("M-38", without_an_address_it_waits_and_then_registers),
		TEST("M-58", back_to_the_previous_address_within_the_grace),
		TEST("A-03 A-05", an_arrival_is_advertised_to_its_mac_alone),
		TEST("A-05", a_solicitation_is_answered_to_guests_that_run_here),
		TEST("N-34", refused_prefixes_are_withdrawn_at_once_and_come_back),
		TEST("X-01", a_reload_adds_changes_and_forgets_guests),
		TEST("X-01", two_guests_may_swap_their_prefixes_in_a_reload),
		TEST("X-01", a_reload_that_takes_a_visitors_prefix_is_refused),
		TEST("N-08 N-17", a_prefix_that_goes_is_told_to_all_and_the_rest_goes_on),
		TEST("N-32 M-45 N-37 X-06",
		    a_refusal_leads_to_the_next_home_agent_and_the_tunnel_follows),
		TEST("N-34 N-35 N-33", nobody_takes_it_so_it_stops_and_says_so),
		TEST("N-32", the_operators_word_begins_with_the_first_again),
		TEST("N-28", accepted_without_r_it_deregisters_before_it_asks_the_next),
		TEST("M-46 M-45", home_agents_are_found_and_used_in_the_order_of_the_reply),
		TEST("M-46 N-28 N-32", when_nobody_takes_it_the_home_link_is_asked_for_others),
		TEST("M-45", silence_leads_to_the_next_for_other_guests_too),
		TEST("M-45", a_new_care_of_address_is_told_first_where_it_is_still_registered),
		TEST("M-45", a_reload_that_keeps_the_home_agent_in_use_changes_nothing),
		TEST("M-45 N-33", a_restart_goes_on_with_the_home_agent_and_mode_it_had),
		TEST("N-27", another_home_agent_is_registered_with_at_once),
		TEST("X-01", words_define_and_forget_what_mrd_conf_does_not),
		TEST("X-03", a_restart_at_any_point_ends_with_the_right_objects),
		TEST("", a_restart_goes_on_with_what_is_still_good_and_registers_anew),
		TEST("", a_restart_elsewhere_or_too_late_does_not_believe_the_file),
		TEST("M-42", a_restart_sends_a_newer_number_than_before),
		TEST("X-03", any_two_words_in_any_state_leave_the_plan_of_the_state),
		TEST("X-03", a_hundred_thousand_random_steps_leave_no_stray_object),
		TEST("M-61 M-62 M-63 N-43 N-21",
		    coming_home_solicits_then_deregisters_then_announces),
		TEST("M-62", an_unanswered_solicitation_delays_it_a_second),
		TEST("M-62", strange_frames_on_the_uplink_do_nothing),
		TEST("N-43", away_from_home_again_it_registers),
		TEST("N-43 X-03 X-06", a_guest_that_migrates_home_and_away_again),
		TEST("N-43", its_home_address_on_the_uplink_is_no_care_of_address),
		TEST("N-43", a_new_configuration_decides_who_is_at_home),
	};

	return cmocka_run_group_tests_name("mr", tests, NULL, NULL);
}
