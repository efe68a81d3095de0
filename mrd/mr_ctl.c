/*
 * mr_ctl.c - the verbs of the control socket (doc/control.md): words in, JSON out.
 *
 * Layer: shell.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/base.h"
#include "common/base/text.h"
#include "config.h"
#include "mrd/mrd.h"

/* ---- values ---- */

static json_t *
addr(const struct in6_addr *a)
{
	char text[TEXT_ADDR_MAX];

	return ip6_is_any(a) ? json_null() : json_string(text_addr(a, text));
}

static json_t *
prefixes(const struct mr_guest_conf *g)
{
	char text[TEXT_PREFIX_MAX];
	json_t *list = json_array();

	for (unsigned i = 0; i < g->prefixes; i++)
		json_array_append_new(list, json_string(text_prefix(&g->prefix[i], text)));
	return list;
}

static json_t *
macs(const struct mr_guest_conf *g)
{
	char text[TEXT_MAC_MAX];
	json_t *list = json_array();

	for (unsigned i = 0; i < g->macs; i++)
		json_array_append_new(list, json_string(text_mac(&g->mac[i], text)));
	return list;
}

static json_t *
addrs(const struct in6_addr *v, unsigned n)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < n; i++)
		json_array_append_new(list, addr(&v[i]));
	return list;
}

/* What was tried in vain, and how it ended: "2001:db8:100::1 explicit 142". */
static json_t *
tried(const struct mr_tried *t)
{
	json_t *list = json_array();
	char text[TEXT_ADDR_MAX + 40], a[TEXT_ADDR_MAX];

	for (unsigned i = 0; i < t->n; i++) {
		const struct mr_try *one = &t->v[i];

		if (one->what == MR_UNANSWERED)
			(void)snprintf(text, sizeof(text), "%s %s unanswered",
			    text_addr(&one->with.home_agent, a), mr_mode_name(&one->with));
		else
			(void)snprintf(text, sizeof(text), "%s %s %u",
			    text_addr(&one->with.home_agent, a), mr_mode_name(&one->with),
			    (unsigned)one->status);
		json_array_append_new(list, json_string(text));
	}
	return list;
}

/* Seconds until then, rounded up; null if never. */
static json_t *
left_s(mono_t now, mono_t when)
{
	int64_t ms = mono_left_ms(now, when);

	return ms == INT64_MAX ? json_null() : json_integer((ms + 999) / 1000);
}

/* ---- show ---- */

struct tally {
	size_t guests, bindings, tunnels;
};

static void
tally_guest(void *ctx, const struct mr_guest *g)
{
	struct tally *t = ctx;

	t->guests++;
	t->bindings += g->reg.state == MR_REG_BOUND;
}

static void
tally_object(void *ctx, const struct kobj *o)
{
	struct tally *t = ctx;

	t->tunnels += o->kind == KOBJ_TUNNEL;
}

static void
show_status(void *ctx, struct ctl_call *call, int argc, const char *const *argv)
{
	struct mrd *d = ctx;
	struct tick now = daemon_now();
	struct tally t = { 0 };

	(void)argc;
	(void)argv;
	mr_each(d->mr, tally_guest, &t);
	want_each(d->want, tally_object, &t);
	ctl_line(call,
	    json_pack("{s:s, s:s, s:i, s:s, s:I, s:s, s:I, s:I, s:I, s:o, s:o, s:o, s:s}", "daemon",
		"mrd", "version", PACKAGE_VERSION, "pid", (int)getpid(), "datapath",
		kern_datapath_name(d->kern), "uptime_s",
		(json_int_t)((now.now.ms - d->started.ms) / 1000), "config", d->conf_file, "guests",
		(json_int_t)t.guests, "bindings", (json_int_t)t.bindings, "tunnels",
		(json_int_t)t.tunnels, "careof", addr(&mr_host(d->mr)->careof), "home_agent",
		addr(&mr_agents(d->mr)->v[0]), "home_agents",
		addrs(mr_agents(d->mr)->v, mr_agents(d->mr)->n), "interface", d->conf.uplink));
}

struct lines {
	struct mrd *d;
	struct ctl_call *call;
	mono_t now;
};

static void
tunnel_line(void *ctx, const struct kobj *o)
{
	struct lines *l = ctx;
	struct kern_tunnel_info i;

	if (o->kind != KOBJ_TUNNEL || kern_tunnel_info(l->d->kern, &o->tunnel, &i) < 0)
		return;
	ctl_line(l->call,
	    json_pack("{s:o, s:o, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "local",
		addr(&o->tunnel.local), "remote", addr(&o->tunnel.remote), "dev", i.dev,
		"mtu_octets", (json_int_t)i.mtu, "in_packets", (json_int_t)i.in_packets,
		"in_octets", (json_int_t)i.in_octets, "out_packets", (json_int_t)i.out_packets,
		"out_octets", (json_int_t)i.out_octets, "in_dropped", (json_int_t)i.in_dropped,
		"out_dropped", (json_int_t)i.out_dropped));
}

static void
show_tunnels(void *ctx, struct ctl_call *call, int argc, const char *const *argv)
{
	struct lines l = { .d = ctx, .call = call };

	(void)argc;
	(void)argv;
	want_each(l.d->want, tunnel_line, &l);
}

static void
counter_line(void *ctx, const char *name, uint64_t n)
{
	struct lines *l = ctx;

	ctl_line(l->call, json_pack("{s:s, s:I}", "name", name, "value", (json_int_t)n));
}

static void
show_counters(void *ctx, struct ctl_call *call, int argc, const char *const *argv)
{
	struct lines l = { .d = ctx, .call = call };

	(void)argc;
	(void)argv;
	for (int i = 0; i < MR_COUNTS; i++)
		counter_line(
		    &l, mr_count_name((enum mr_count)i), mr_counted(l.d->mr, (enum mr_count)i));
	kern_counters(l.d->kern, counter_line, &l);
}

static void
guest_line(void *ctx, const struct mr_guest *g)
{
	struct lines *l = ctx;

	ctl_line(l->call,
	    json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:s, s:I, s:s, s:o}", "name", g->conf.name,
		"state", mr_guest_state_name(g->state), "registration",
		mr_reg_state_name(g->reg.state), "home_address", addr(&g->conf.home_address),
		"prefixes", prefixes(&g->conf), "macs", macs(&g->conf), "interface", g->conf.link,
		"table", (json_int_t)(mr_host(l->d->mr)->table_base + MR_TABLE_GUEST + g->index),
		"origin", mr_origin_name(g->origin), "since_s",
		g->since.ms == INT64_MAX ? json_null()
					 : json_integer((l->now.ms - g->since.ms) / 1000)));
}

static void
show_guests(void *ctx, struct ctl_call *call, int argc, const char *const *argv)
{
	struct lines l = { .d = ctx, .call = call, .now = daemon_now().now };

	(void)argc;
	(void)argv;
	mr_each(l.d->mr, guest_line, &l);
}

static void
binding_line(void *ctx, const struct mr_guest *g)
{
	struct lines *l = ctx;
	const struct mr_reg *r = &g->reg;
	bool bound = r->state == MR_REG_BOUND;

	if (g->state == MR_ABSENT)
		return;
	ctl_line(l->call,
	    json_pack("{s:s, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:s, s:o}",
		"name", g->conf.name, "hoa", addr(&g->conf.home_address), "coa", addr(&r->careof),
		"home_agent", addr(&r->with.home_agent), "state", mr_reg_state_name(r->state),
		"seq", r->seq.any ? json_integer(r->seq.last) : json_null(), "lifetime_s",
		bound ? json_integer(r->granted_s) : json_null(), "left_s",
		bound ? left_s(l->now, r->expires) : json_null(), "refresh_in_s",
		left_s(l->now, r->held ? MONO_NEVER : r->due), "retries",
		(json_int_t)(r->asking && r->sends > 0 ? r->sends - 1 : 0), "last_status",
		r->answered ? json_integer(r->last_status) : json_null(), "prefixes",
		prefixes(&g->conf), "mode", mr_mode_name(&r->with), "tried", tried(&g->tried)));
}

static void
show_bindings(void *ctx, struct ctl_call *call, int argc, const char *const *argv)
{
	struct lines l = { .d = ctx, .call = call, .now = daemon_now().now };

	(void)argc;
	(void)argv;
	mr_each(l.d->mr, binding_line, &l);
}

static void
show_config(void *ctx, struct ctl_call *call, int argc, const char *const *argv)
{
	struct mrd *d = ctx;
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	int r = out ? mr_conf_print(out, &d->conf) : -ENOMEM;

	(void)argc;
	(void)argv;
	if (out && fclose(out) != 0)
		r = -ENOMEM;
	if (r < 0)
		ctl_fail(call, "refused", "%s", strerror(-r));
	else
		ctl_line(call, json_pack("{s:s}", "text", text));
	free(text);
}

/* ---- reload ---- */

static void
fail_why(struct ctl_call *call, const struct mr_why *why)
{
	if (why->error)
		ctl_fail(call, why->code, "%s: %s", why->text, strerror(-why->error));
	else
		ctl_fail(call, why->code, "%s", why->text);
}

static void
reload(void *ctx, struct ctl_call *call, int argc, const char *const *argv)
{
	struct mr_why why;

	(void)argc;
	(void)argv;
	if (mrd_reload(ctx, &why) < 0)
		fail_why(call, &why);
}

/* ---- guest ---- */

/* NAME [KEY VALUE ...] into a guest's configuration. 0, or -EINVAL after ctl_fail. */
static int
take_keys(struct ctl_call *call, int argc, const char *const *argv, struct mr_guest_conf *ret_conf)
{
	char why[200];

	memset(ret_conf, 0, sizeof(*ret_conf));
	if (argc < 1 || strlen(argv[0]) > MR_NAME_MAX) {
		ctl_fail(call, "usage", "a guest's name is missing or too long");
		return -EINVAL;
	}
	memcpy(ret_conf->name, argv[0], strlen(argv[0]) + 1);
	if (mr_conf_guest_words(ret_conf, argc - 1, argv + 1, why, sizeof(why)) < 0) {
		ctl_fail(call, "usage", "%s", why);
		return -EINVAL;
	}
	return 0;
}

/* Is it whole, so that it makes a guest known? 0, or -EINVAL after ctl_fail. */
static int
must_be_whole(struct ctl_call *call, struct mr_guest_conf *conf)
{
	char why[200];
	const char *key = mr_conf_guest_check(conf, why, sizeof(why));

	if (!key)
		return 0;
	ctl_fail(call, "usage", "%s: %s", key, why);
	return -EINVAL;
}

static void
arrive(struct mrd *d, struct ctl_call *call, enum mr_word word, int argc, const char *const *argv)
{
	struct tick now = daemon_now();
	struct mr_guest_conf keys;
	const struct mr_guest *g;
	struct mr_why why;

	if (take_keys(call, argc, argv, &keys) < 0)
		return;
	g = mr_find(d->mr, keys.name);
	if (keys.prefixes && (!g || (g->origin == MR_ORIGIN_VISIT && !mr_guest_is_here(g))) &&
	    must_be_whole(call, &keys) < 0)
		return;
	if (mr_word(d->mr, word, keys.name, argc > 1 ? &keys : NULL, &now, &why) < 0)
		fail_why(call, &why);
}

/* Somebody who waits for the home agent's answer about a guest. */
struct mrd_wait {
	struct mrd_wait *next;
	char name[MR_NAME_MAX + 1];
	uint64_t later;
};

static void
say_answer(void *ctx, struct ctl_call *call)
{
	const struct mr_guest *g = ctx;
	const struct mr_hand *hand = &g->hand;

	if (hand->ask == MR_ASK_NO)
		ctl_fail(call, "refused", "%s: the home agent refuses it: %s (%u)", g->conf.name,
		    mh_status_name(hand->status), (unsigned)hand->status);
	else if (hand->ask == MR_ASK_NONE)
		ctl_fail(call, "refused", "%s: taken back", g->conf.name);
	else
		ctl_line(call, json_pack("{s:s, s:o}", "answer", mr_ask_name(hand->ask), "source",
				   addr(&hand->source)));
}

void
mrd_ctl_asked(struct mrd *d, const struct mr_guest *g)
{
	struct mrd_wait **at = &d->waits;

	while (*at) {
		struct mrd_wait *w = *at;

		if (strcmp(w->name, g->conf.name) != 0) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		ctl_answer(d->ctl, w->later, say_answer, (void *)(uintptr_t)g);
		free(w);
	}
}

static void
wait_for_answer(struct mrd *d, struct ctl_call *call, const struct mr_guest *g)
{
	struct mrd_wait *w = calloc(1, sizeof(*w));

	if (!w)
		return; /* nothing is wrong, it is only not waited for */
	w->later = ctl_later(call);
	memcpy(w->name, g->conf.name, sizeof(w->name));
	w->next = d->waits;
	d->waits = w;
}

static void
guest_incoming(void *ctx, struct ctl_call *call, int argc, const char *const *argv)
{
	struct mrd *d = ctx;
	const struct mr_guest *g;

	arrive(d, call, MR_WORD_INCOMING, argc, argv);
	g = argc > 0 ? mr_find(d->mr, argv[0]) : NULL;
	if (g && g->hand.ask == MR_ASK_OPEN)
		wait_for_answer(d, call, g);
}

static void
guest_running(void *ctx, struct ctl_call *call, int argc, const char *const *argv)
{
	arrive(ctx, call, MR_WORD_RUNNING, argc, argv);
}

/* Exactly one word: the name. NULL after ctl_fail. */
static const char *
only_name(struct ctl_call *call, int argc, const char *const *argv)
{
	if (argc == 1)
		return argv[0];
	ctl_fail(call, "usage", "one word is needed, the guest's name");
	return NULL;
}

static void
guest_suspended(void *ctx, struct ctl_call *call, int argc, const char *const *argv)
{
	struct mrd *d = ctx;
	struct tick now = daemon_now();
	bool has_time = argc == 3 && strcmp(argv[1], "at") == 0;
	const char *name = has_time ? argv[0] : only_name(call, argc, argv);
	int64_t stopped_us = 0;
	struct mr_why why;

	if (has_time && text_to_unix_us(argv[2], &stopped_us) < 0)
		ctl_fail(call, "usage", "%s: not a time, 1700000000.123456", argv[2]);
	else if (name && mr_suspended(d->mr, name, stopped_us, &now, &why) < 0)
		fail_why(call, &why);
}

static void
guest_gone(void *ctx, struct ctl_call *call, int argc, const char *const *argv)
{
	struct mrd *d = ctx;
	struct tick now = daemon_now();
	bool for_good = argc == 2 && strcmp(argv[1], "deregister") == 0;
	const char *name = for_good ? argv[0] : only_name(call, argc, argv);
	struct mr_why why;
	int r;

	if (!name)
		return;
	r = for_good ? mr_gone_for_good(d->mr, name, &now, &why)
		     : mr_word(d->mr, MR_WORD_GONE, name, NULL, &now, &why);
	if (r < 0)
		fail_why(call, &why);
}

static void
guest_cancel(void *ctx, struct ctl_call *call, int argc, const char *const *argv)
{
	struct mrd *d = ctx;
	struct tick now = daemon_now();
	const char *name = only_name(call, argc, argv);
	struct mr_why why;

	if (name && mr_cancel(d->mr, name, &now, &why) < 0)
		fail_why(call, &why);
}

static void
guest_define(void *ctx, struct ctl_call *call, int argc, const char *const *argv)
{
	struct mrd *d = ctx;
	struct tick now = daemon_now();
	struct mr_guest_conf conf;
	struct mr_why why;

	if (take_keys(call, argc, argv, &conf) < 0 || must_be_whole(call, &conf) < 0)
		return;
	if (mr_define(d->mr, &conf, &now, &why) < 0)
		fail_why(call, &why);
}

static void
guest_forget(void *ctx, struct ctl_call *call, int argc, const char *const *argv)
{
	struct mrd *d = ctx;
	struct tick now = daemon_now();
	const char *name = only_name(call, argc, argv);
	struct mr_why why;

	if (name && mr_forget(d->mr, name, &now, &why) < 0)
		fail_why(call, &why);
}

static void
guest_refresh(void *ctx, struct ctl_call *call, int argc, const char *const *argv)
{
	struct mrd *d = ctx;
	struct tick now = daemon_now();
	const char *name = only_name(call, argc, argv);
	struct mr_why why;

	if (name && mr_refresh(d->mr, name, &now, &why) < 0)
		fail_why(call, &why);
}

static const struct ctl_verb verbs[] = {
	/* clang-format off */
	{ "show status",     false, show_status,   "", "what this daemon is and how it is" },
	{ "show guests",     false, show_guests,   "", "the guests it knows, and where in their life" },
	{ "show bindings",   false, show_bindings, "", "the registration of each guest here" },
	{ "show tunnels",    false, show_tunnels,  "", "tunnels and what passed through them" },
	{ "show counters",   false, show_counters, "", "what was sent, taken and dropped, and why" },
	{ "show config",     false, show_config,   "", "the normal form of the configuration in force" },
	{ "reload",          true,  reload,        "", "read the configuration again" },
	{ "guest list",      false, show_guests,   "", "the same as show guests" },
	{ "guest define",    true,  guest_define,  "NAME KEY VALUE ...", "make a guest known" },
	{ "guest forget",    true,  guest_forget,  "NAME", "know it no longer; it must not be here" },
	{ "guest incoming",  true,  guest_incoming, "NAME [KEY VALUE ...]", "it will arrive here" },
	{ "guest running",   true,  guest_running, "NAME [KEY VALUE ...]", "it runs here, now" },
	{ "guest suspended", true,  guest_suspended, "NAME [at TIME]",
	  "it is stopped, since TIME, and may go away" },
	{ "guest gone",      true,  guest_gone,    "NAME [deregister]",
	  "it is not here any more; deregister: and nowhere else either" },
	{ "guest cancel",    true,  guest_cancel,  "NAME", "it was to arrive and does not" },
	{ "guest refresh",   true,  guest_refresh, "NAME", "send a Binding Update now" },
	/* clang-format on */
};

void
mrd_ctl_close(struct mrd *d)
{
	struct mrd_wait *next;

	ctl_close(d->ctl);
	for (struct mrd_wait *w = d->waits; w; w = next) {
		next = w->next;
		free(w);
	}
	d->waits = NULL;
}

int
mrd_ctl_open(struct mrd *d)
{
	const char *group = d->conf.control_group[0] ? d->conf.control_group : NULL;

	return ctl_open(&d->ctl, d->loop, d->conf.control, group, verbs, countof(verbs), d);
}
