/*
 * mrd_world.c - what the core asks for, and what the kernel tells it. Nothing is
 * decided here.
 *
 * Layer: shell.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/base.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "common/wire/mh.h"
#include "mrd/mrd.h"

#define ADDRESSES_MAX 32 /* of one uplink that are looked at */
#define LINKLOCALS_MAX 8 /* that are taken from a guest's link */
_Static_assert(MR_SETTING_NAME_MAX == KERN_SETTING_NAME_MAX, "names of settings fit");
_Static_assert(MR_SETTING_VALUE_MAX == KERN_SETTING_VALUE_MAX, "and their values");

#define SAVE_S 0.1	   /* until when a registration is good, for a restart */
#define SAVE_REFRESH_S 2.0 /* of many guests at once; the time before is good as well */
#define HOME_FRAMES (KERN_FRAMES_RA | KERN_FRAMES_NA) /* on a home link */
#define RECONCILE_S 0.02			      /* the kernel tells of losses in bursts */

/* ---- what the core asks for ---- */

static int
op_send(void *ctx, const struct ip6_mh_out *out)
{
	struct mrd *d = ctx;
	char src[TEXT_ADDR_MAX], dst[TEXT_ADDR_MAX], home[TEXT_ADDR_MAX];
	int r = kern_mh_send(d->kern, out);

	if (r < 0)
		log_limited(LOG_LEVEL_WARN, "reg", "cannot send", "src=%s dst=%s hoa=%s: %s",
		    text_addr(&out->src, src), text_addr(&out->dst, dst),
		    text_addr(&out->home, home), strerror(-r));
	else
		log_debug("reg", "sent", "src=%s dst=%s hoa=%s octets=%zu",
		    text_addr(&out->src, src), text_addr(&out->dst, dst),
		    text_addr(&out->home, home), out->mh_len);
	return r;
}

static int
op_icmp6(void *ctx, const struct ip6_icmp6_out *out)
{
	struct mrd *d = ctx;

	return kern_icmp6_send(d->kern, out);
}

static int
op_frame(void *ctx, const char *dev, const uint8_t *p, size_t n)
{
	struct mrd *d = ctx;

	return kern_frame_send(d->kern, dev, p, n);
}

static int
op_mac(void *ctx, const char *dev, struct nd_mac *ret_mac)
{
	struct mrd *d = ctx;

	return kern_frame_mac(d->kern, dev, ret_mac);
}

static struct mrd_link *
find_link(const struct mrd *d, const char *name)
{
	for (struct mrd_link *l = d->links; l; l = l->next) {
		if (strcmp(l->name, name) == 0)
			return l;
	}
	return NULL;
}

static struct mrd_link *
add_link(struct mrd *d, const char *name)
{
	struct mrd_link *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	(void)snprintf(l->name, sizeof(l->name), "%s", name);
	l->next = d->links;
	d->links = l;
	return l;
}

void
mrd_links_done(struct mrd *d)
{
	struct mrd_link *next;

	for (struct mrd_link *l = d->links; l; l = next) {
		next = l->next;
		(void)kern_frame_listen(d->kern, l->name, KERN_FRAMES_NONE); /* it may be gone */
		free(l);
	}
	d->links = NULL;
}

/* The gateway alone is on it: other link-local addresses go (doc/design.md, "The gateway"). */
static int
set_up(struct mrd *d, const char *dev)
{
	struct mr_setting v[MR_LINK_SETTINGS_MAX + LINKLOCALS_MAX];
	char names[LINKLOCALS_MAX][KERN_SETTING_NAME_MAX];
	size_t n = mr_gateway_link_settings(&d->conf.gateway, dev, v);
	const char *own = v[n - 1].name;
	int found = kern_linklocals(d->kern, dev, names, LINKLOCALS_MAX);

	if (found < 0)
		return found;
	for (int i = 0; i < found; i++) {
		if (strcmp(names[i], own) == 0)
			continue;
		v[n] = (struct mr_setting){ .value = "absent" };
		memcpy(v[n++].name, names[i], sizeof(names[i]));
	}
	return mrd_settings_make(d, v, n);
}

static int
op_link(void *ctx, const char *dev)
{
	struct mrd *d = ctx;
	struct mrd_link *l = find_link(d, dev);
	int r;

	if (l && l->ready)
		return 0;
	if (!l)
		l = add_link(d, dev);
	if (!l)
		return -ENOMEM;
	r = kern_frame_listen(d->kern, dev, KERN_FRAMES_RS | KERN_FRAMES_NO_REDIRECT);
	if (r < 0)
		return r;
	r = set_up(d, dev);
	/* A kernel without one of the settings can still carry guests. */
	if (r < 0)
		log_warn("guest", "the link is not as it should be, going on", "dev=%s: %s", dev,
		    strerror(-r));
	l->ready = true;
	return 0;
}

static int
op_listen(void *ctx, const struct in6_addr *addr, bool on)
{
	struct mrd *d = ctx;
	char text[TEXT_ADDR_MAX];
	int r = kern_listen(d->kern, addr, on);

	if (r < 0)
		log_err("kern", "cannot listen for signalling", "addr=%s: %s",
		    text_addr(addr, text), strerror(-r));
	return r;
}

static int
op_keep(void *ctx, const char *dev, bool on)
{
	struct mrd *d = ctx;
	int r = kern_keep(d->kern, dev, on);

	if (r < 0)
		log_warn("hand", "no copies are kept", "dev=%s: %s", dev, strerror(-r));
	return r;
}

static int
op_send_kept(
    void *ctx, const struct mr_guest *g, int64_t since_us, const struct kobj_tunnel *tunnel)
{
	struct mrd *d = ctx;
	int n = kern_keep_send(d->kern, g->conf.link, g->conf.mac, g->conf.macs, since_us, tunnel);

	if (n < 0)
		log_warn("hand", "what was kept cannot be sent", "name=%s: %s", g->conf.name,
		    strerror(-n));
	else
		log_info(
		    "hand", "sent what it had not read", "name=%s packets=%d", g->conf.name, n);
	return n;
}

static uint32_t
op_mtu(void *ctx, const struct kobj_tunnel *tunnel)
{
	struct mrd *d = ctx;
	struct kern_tunnel_info info;

	return kern_tunnel_info(d->kern, tunnel, &info) < 0 ? 0 : info.mtu;
}

static void
op_save(void *ctx)
{
	mrd_save(ctx);
}

static void
op_arm(void *ctx, mono_t when)
{
	struct mrd *d = ctx;
	int64_t left_ms = mono_left_ms(daemon_now().now, when);

	ev_timer_stop(d->loop, &d->tick);
	if (left_ms == INT64_MAX)
		return;
	/* Half a millisecond late rather than early: instants are whole ones. */
	ev_timer_set(&d->tick, (double)left_ms / 1000.0 + 0.0005, 0.0);
	ev_timer_start(d->loop, &d->tick);
}

static bool
has_home(const struct mrd *d)
{
	return d->conf.home_prefixes > 0 || d->conf.home_learn;
}

void
mrd_make_host_settings(struct mrd *d)
{
	struct mr_setting v[MR_HOST_SETTINGS_MAX];
	size_t n = mr_gateway_host_settings(d->conf.uplink, v);
	int r = mrd_settings_make(d, v, n), last;

	mr_gateway_uplink_setting(d->conf.uplink, d->conf.uplink_router, &v[0]);
	last = mrd_settings_make(d, v, 1);
	r = r < 0 ? r : last;
	if (r == -ENOENT)
		log_warn("kern", "the uplink does not exist yet", "dev=%s", d->conf.uplink);
	else if (r < 0)
		log_err("kern", "cannot make this host a router", "%s", strerror(-r));
	r = kern_frame_listen(
	    d->kern, d->conf.uplink, has_home(d) ? HOME_FRAMES : KERN_FRAMES_NONE);
	if (r < 0 && r != -ENODEV)
		log_err("kern", "cannot listen on the uplink", "%s", strerror(-r));
}

/* ---- what the core tells ---- */

static json_t *
json_addr(const struct in6_addr *a)
{
	char text[TEXT_ADDR_MAX];

	return ip6_is_any(a) ? json_null() : json_string(text_addr(a, text));
}

static void
tell_guest(struct mrd *d, const struct mr_event *e)
{
	const struct mr_guest *g = e->guest;

	log_info("guest", "state changed", "name=%s state=%s", g->conf.name,
	    mr_guest_state_name(g->state));
	if (ctl_is_monitored(d->ctl))
		ctl_event(d->ctl, "guest",
		    json_pack("{s:s, s:s}", "name", g->conf.name, "state",
			mr_guest_state_name(g->state)));
}

static void
soon_save(struct mrd *d, double s)
{
	if (!ev_is_active(&d->save)) {
		ev_timer_set(&d->save, s, 0.0);
		ev_timer_start(d->loop, &d->save);
	}
}

static void
tell_registered(struct mrd *d, const struct mr_event *e)
{
	const struct mr_guest *g = e->guest;
	const struct mr_reg *reg = &g->reg;
	char hoa[TEXT_ADDR_MAX], coa[TEXT_ADDR_MAX], ha[TEXT_ADDR_MAX];

	soon_save(d, e->refresh ? SAVE_REFRESH_S : SAVE_S);
	log_line(e->refresh ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO, "reg", "binding accepted",
	    "name=%s hoa=%s coa=%s ha=%s seq=%u lifetime_s=%u took_ms=%lld", g->conf.name,
	    text_addr(&g->conf.home_address, hoa), text_addr(&reg->careof, coa),
	    text_addr(&reg->with.home_agent, ha), (unsigned)reg->acked, (unsigned)reg->granted_s,
	    (long long)e->took_ms);
	if (ctl_is_monitored(d->ctl))
		ctl_event(d->ctl, e->refresh ? "refreshed" : "registered",
		    json_pack("{s:s, s:s, s:o, s:i, s:I, s:I}", "name", g->conf.name, "hoa", hoa,
			"coa", json_addr(&reg->careof), "seq", (int)reg->acked, "lifetime_s",
			(json_int_t)reg->granted_s, "took_ms", (json_int_t)e->took_ms));
}

static void
tell_refused(struct mrd *d, const struct mr_event *e)
{
	const struct mr_guest *g = e->guest;
	const char *reason = e->status < MH_UNSPECIFIED ? "accepted, but not as a mobile router"
							: mh_status_name(e->status);
	char hoa[TEXT_ADDR_MAX], ha[TEXT_ADDR_MAX];

	log_line(e->fatal ? LOG_LEVEL_ERR : LOG_LEVEL_WARN, "reg",
	    e->fatal ? "registration refused, stopping" : "registration refused, retrying",
	    "name=%s hoa=%s ha=%s mode=%s status=%u reason=\"%s\"", g->conf.name,
	    text_addr(&g->conf.home_address, hoa), text_addr(&e->from.home_agent, ha),
	    mr_mode_name(&e->from), (unsigned)e->status, reason);
	if (ctl_is_monitored(d->ctl))
		ctl_event(d->ctl, "refused",
		    json_pack("{s:s, s:s, s:i, s:s, s:b, s:s, s:s}", "name", g->conf.name, "hoa",
			hoa, "status", (int)e->status, "reason", reason, "fatal", (int)e->fatal,
			"home_agent", ha, "mode", mr_mode_name(&e->from)));
}

static void
tell_agent(struct mrd *d, const struct mr_event *e)
{
	const struct mr_guest *g = e->guest;
	const struct mr_reg_with *with = &g->reg.with;
	char hoa[TEXT_ADDR_MAX], ha[TEXT_ADDR_MAX], from[TEXT_ADDR_MAX];

	log_warn("reg", "trying elsewhere", "name=%s hoa=%s ha=%s mode=%s before=%s", g->conf.name,
	    text_addr(&g->conf.home_address, hoa), text_addr(&with->home_agent, ha),
	    mr_mode_name(with), text_addr(&e->from.home_agent, from));
	if (ctl_is_monitored(d->ctl))
		ctl_event(d->ctl, "home-agent",
		    json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", g->conf.name, "hoa", hoa,
			"home_agent", ha, "mode", mr_mode_name(with), "previous", from));
}

static void
tell_lapsed(struct mrd *d, const struct mr_event *e)
{
	const struct mr_guest *g = e->guest;
	char hoa[TEXT_ADDR_MAX];

	log_warn("reg", "binding lapsed, retrying", "name=%s hoa=%s", g->conf.name,
	    text_addr(&g->conf.home_address, hoa));
	if (ctl_is_monitored(d->ctl))
		ctl_event(
		    d->ctl, "lapsed", json_pack("{s:s, s:s}", "name", g->conf.name, "hoa", hoa));
}

static void
tell_returned(struct mrd *d, const struct mr_event *e)
{
	const struct mr_guest *g = e->guest;
	char hoa[TEXT_ADDR_MAX];

	log_info("reg", "at home, without a binding", "name=%s hoa=%s status=%u took_ms=%lld",
	    g->conf.name, text_addr(&g->conf.home_address, hoa), (unsigned)e->status,
	    (long long)e->took_ms);
	if (ctl_is_monitored(d->ctl))
		ctl_event(d->ctl, "returned",
		    json_pack("{s:s, s:s, s:i, s:I}", "name", g->conf.name, "hoa", hoa, "status",
			(int)e->status, "took_ms", (json_int_t)e->took_ms));
}

static void
tell_discovered(struct mrd *d, const struct mr_event *e)
{
	const struct mr_agents *all = mr_agents(d->mr);
	char text[MR_AGENTS_MAX * TEXT_ADDR_MAX] = "", a[TEXT_ADDR_MAX];
	json_t *list = json_array();

	(void)e;
	for (unsigned i = 0; i < all->n; i++) {
		size_t n = strlen(text);

		(void)snprintf(
		    text + n, sizeof(text) - n, "%s%s", i > 0 ? "," : "", text_addr(&all->v[i], a));
		json_array_append_new(list, json_string(a));
	}
	log_info("reg", "home agents", "addrs=%s", text);
	if (ctl_is_monitored(d->ctl))
		ctl_event(d->ctl, "home-agents", json_pack("{s:O}", "home_agents", list));
	json_decref(list);
}

static void
tell_prefix(struct mrd *d, const struct mr_event *e)
{
	int64_t left_ms = mono_left_ms(daemon_now().now, e->guest->reg.valid_until);

	(void)d;
	if (left_ms == INT64_MAX)
		log_info("reg", "home prefix", "name=%s valid_s=for-ever", e->guest->conf.name);
	else
		log_info("reg", "home prefix", "name=%s valid_s=%lld", e->guest->conf.name,
		    (long long)(left_ms / 1000));
}

static void
tell_asked(struct mrd *d, const struct mr_event *e)
{
	const struct mr_hand *hand = &e->guest->hand;
	const char *name = e->guest->conf.name;
	char source[TEXT_ADDR_MAX];

	if (hand->ask == MR_ASK_NO)
		log_warn("hand", "the home agent refuses it", "name=%s status=%u reason=\"%s\"",
		    name, (unsigned)hand->status, mh_status_name(hand->status));
	else
		log_info("hand", "asked", "name=%s answer=%s source=%s", name,
		    mr_ask_name(hand->ask), text_addr(&hand->source, source));
	if (ctl_is_monitored(d->ctl))
		ctl_event(d->ctl, "asked",
		    json_pack("{s:s, s:s, s:o, s:i}", "name", name, "answer",
			mr_ask_name(hand->ask), "source", json_addr(&hand->source), "status",
			(int)hand->status));
	mrd_ctl_asked(d, e->guest);
}

static void
tell_expected(struct mrd *d, const struct mr_event *e)
{
	const char *name = e->guest->conf.name;
	char text[TEXT_ADDR_MAX];

	log_info(
	    "hand", "expected elsewhere", "name=%s addr=%s", name, text_addr(&e->address, text));
	if (ctl_is_monitored(d->ctl))
		ctl_event(d->ctl, "expected",
		    json_pack("{s:s, s:o}", "name", name, "address", json_addr(&e->address)));
}

static void
tell_handed(struct mrd *d, const struct mr_event *e)
{
	const char *name = e->guest->conf.name;
	char text[TEXT_ADDR_MAX];

	log_info("hand", "handed over", "name=%s addr=%s", name, text_addr(&e->address, text));
	if (ctl_is_monitored(d->ctl))
		ctl_event(d->ctl, "handed",
		    json_pack("{s:s, s:o}", "name", name, "address", json_addr(&e->address)));
}

static void
tell_careof(struct mrd *d, const struct mr_event *e)
{
	char text[TEXT_ADDR_MAX];

	if (ip6_is_any(&e->address))
		log_warn("move", "no care-of address, waiting for one", "dev=%s", d->conf.uplink);
	else
		log_info("move", "care-of address", "addr=%s dev=%s", text_addr(&e->address, text),
		    d->conf.uplink);
	if (ctl_is_monitored(d->ctl))
		ctl_event(d->ctl, "careof", json_pack("{s:o}", "address", json_addr(&e->address)));
}

static void
tell_kernel(struct mrd *d, const struct mr_event *e)
{
	char text[KOBJ_TEXT_MAX];

	(void)d;
	log_limited(LOG_LEVEL_WARN, "kern", "the kernel refused, retrying", "name=%s %s: %s",
	    e->guest->conf.name, kobj_text(&e->object, text), strerror(-e->error));
}

/* What strangers can cause is counted; it is worth a line only where we are asked something. */
static void
tell_dropped(struct mrd *d, const struct mr_event *e)
{
	char text[TEXT_ADDR_MAX];

	(void)d;
	log_limited(e->count < MR_N_RS_STRANGER ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG, "drop",
	    "dropped", "reason=%s from=%s", mr_count_name(e->count), text_addr(&e->address, text));
}

static void
op_event(void *ctx, const struct mr_event *e)
{
	static void (*const tell[])(struct mrd *, const struct mr_event *) = {
		[MR_EVENT_GUEST] = tell_guest,
		[MR_EVENT_REGISTERED] = tell_registered,
		[MR_EVENT_REFUSED] = tell_refused,
		[MR_EVENT_LAPSED] = tell_lapsed,
		[MR_EVENT_ASKED] = tell_asked,
		[MR_EVENT_EXPECTED] = tell_expected,
		[MR_EVENT_HANDED] = tell_handed,
		[MR_EVENT_AGENT] = tell_agent,
		[MR_EVENT_RETURNED] = tell_returned,
		[MR_EVENT_DISCOVERED] = tell_discovered,
		[MR_EVENT_PREFIX] = tell_prefix,
		[MR_EVENT_CAREOF] = tell_careof,
		[MR_EVENT_KERNEL] = tell_kernel,
		[MR_EVENT_DROPPED] = tell_dropped,
	};

	tell[e->kind](ctx, e);
}

const struct mr_ops mrd_ops = {
	.send = op_send,
	.icmp6 = op_icmp6,
	.frame = op_frame,
	.mac = op_mac,
	.link = op_link,
	.listen = op_listen,
	.keep = op_keep,
	.send_kept = op_send_kept,
	.mtu = op_mtu,
	.save = op_save,
	.arm = op_arm,
	.event = op_event,
};

/* ---- what the kernel tells ---- */

void
mrd_look_at_addresses(struct mrd *d)
{
	struct kern_address found[ADDRESSES_MAX];
	struct mr_move_addr v[ADDRESSES_MAX + 1];
	struct tick now = daemon_now();
	int n = kern_addresses(d->kern, d->conf.uplink, found, ADDRESSES_MAX);
	size_t count = 0;

	if (n < 0 && n != -ENODEV)
		log_warn("move", "cannot look at the uplink's addresses", "dev=%s: %s",
		    d->conf.uplink, strerror(-n));
	for (int i = 0; i < n; i++)
		v[count++] = (struct mr_move_addr){ .addr = found[i].addr,
			.tentative = found[i].tentative,
			.deprecated = found[i].deprecated,
			.temporary = found[i].temporary,
			.permanent = found[i].permanent };
	/* One that is configured may be on another link, a loopback address say. */
	if (!ip6_is_any(&d->conf.careof) && kern_is_own(d->kern, &d->conf.careof)) {
		bool listed = false;

		for (size_t i = 0; i < count; i++)
			listed = listed || ip6_equal(&v[i].addr, &d->conf.careof);
		if (!listed)
			v[count++] = (struct mr_move_addr){ .addr = d->conf.careof };
	}
	mr_addresses(d->mr, v, count, &now);
}

static void
soon_reconcile(struct mrd *d)
{
	if (!ev_is_active(&d->reconcile)) {
		ev_timer_set(&d->reconcile, RECONCILE_S, 0.0);
		ev_timer_start(d->loop, &d->reconcile);
	}
}

/*
 * A link of guests that comes back has lost its settings and our objects. Only a
 * change counts: a bridge tells of itself whenever a port does something.
 */
static void
on_guest_link(struct mrd *d, struct mrd_link *l, bool up, const struct tick *now)
{
	bool back = up && (!l->ready || (l->seen && !l->up));

	l->seen = true;
	l->up = up;
	if (!up)
		l->ready = false;
	if (!back)
		return;
	l->ready = false;
	mr_link_back(d->mr, l->name, now);
	soon_reconcile(d);
}

static void
on_link(struct mrd *d, const struct kern_event *e, const struct tick *now)
{
	struct mrd_link *l = find_link(d, e->link.name);

	if (l)
		on_guest_link(d, l, e->link.up, now);
	if (strcmp(e->link.name, d->conf.uplink) != 0)
		return;
	if (e->link.up)
		mrd_make_host_settings(d); /* it may be a new one */
	mrd_look_at_addresses(d);
}

bool
mrd_wanted(void *ctx, const struct kobj *o)
{
	const struct mrd *d = ctx;

	return want_has_key(d->want, o);
}

void
mrd_on_kern(void *ctx, const struct kern_event *e)
{
	struct mrd *d = ctx;
	struct tick now = daemon_now();

	if (!d->mr)
		return;
	switch (e->kind) {
	case KERN_MH:
		mr_receive(d->mr, e->mh, &now);
		break;
	case KERN_MOBILE:
		mr_mobile(d->mr, e->mh, &now);
		break;
	case KERN_ICMP6:
		mr_icmp6(d->mr, &e->icmp6.from, e->icmp6.p, e->icmp6.n, &now);
		break;
	case KERN_FRAME:
		mr_frame(d->mr, e->frame.dev, e->frame.p, e->frame.n, &now);
		break;
	case KERN_ADDRESS:
		mrd_look_at_addresses(d);
		break;
	case KERN_LINK:
		on_link(d, e, &now);
		break;
	case KERN_FORWARDING:
		if (strcmp(e->link.name, d->conf.uplink) == 0)
			mrd_make_host_settings(d);
		break;
	case KERN_TUNNEL:
		mr_mtu_changed(d->mr, &now);
		break;
	case KERN_LOST:
		soon_reconcile(d);
		break;
	}
}

/* ---- timers ---- */

static void
on_tick(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct mrd *d = container_of(w, struct mrd, tick);
	struct tick now = daemon_now();

	(void)loop;
	(void)revents;
	mr_tick(d->mr, &now);
}

static void
on_reconcile(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct mrd *d = container_of(w, struct mrd, reconcile);

	(void)loop;
	(void)revents;
	mrd_look_at_addresses(d);		  /* news of them may be among what was lost */
	(void)daemon_reconcile(d->kern, d->want); /* logged */
}

static void
on_save(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	mrd_save(container_of(w, struct mrd, save));
}

void
mrd_world_init(struct mrd *d)
{
	ev_timer_init(&d->tick, on_tick, 0.0, 0.0);
	ev_timer_init(&d->reconcile, on_reconcile, 0.0, 0.0);
	ev_timer_init(&d->save, on_save, 0.0, 0.0);
}
