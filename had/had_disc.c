/*
 * had_disc.c - discovery in the daemon: anycast addresses, a timer, packets and frames.
 *
 * Layer: shell.
 */
#include <errno.h>
#include <string.h>

#include "common/base/base.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "had/had.h"

static void
on_icmp6(void *ctx, const struct ip6_icmp6_out *out)
{
	struct had *d = ctx;
	char to[TEXT_ADDR_MAX];
	int r = kern_icmp6_send(d->kern, out);

	if (r < 0)
		log_limited(LOG_LEVEL_WARN, "disc", "cannot send", "to=%s error=\"%s\"",
		    text_addr(&out->dst, to), strerror(-r));
}

static void
on_frame(void *ctx, const char *dev, const uint8_t *p, size_t n)
{
	struct had *d = ctx;
	int r = kern_frame_send(d->kern, dev, p, n);

	if (r < 0)
		log_limited(LOG_LEVEL_WARN, "disc", "cannot advertise", "dev=%s error=\"%s\"", dev,
		    strerror(-r));
}

static const struct ha_disc_ops ops = { .icmp6 = on_icmp6, .frame = on_frame };

static void
rearm(struct had *d)
{
	int64_t left_ms = mono_left_ms(daemon_now().now, ha_disc_deadline(d->disc));

	ev_timer_stop(d->loop, &d->disc_timer);
	if (left_ms == INT64_MAX)
		return;
	ev_now_update(d->loop);
	ev_timer_set(&d->disc_timer, (double)left_ms / 1000, 0);
	ev_timer_start(d->loop, &d->disc_timer);
}

static void
on_timer(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct had *d = container_of(w, struct had, disc_timer);

	(void)loop;
	(void)revents;
	ha_disc_tick(d->disc, daemon_now().now);
	rearm(d);
}

/* The anycast addresses of this policy, or those on a link; again and again is harmless. */
static void
listen_on(struct had *d, const struct ha_policy *p, const char *only, bool on)
{
	struct in6_addr a;
	const char *dev;
	char text[TEXT_ADDR_MAX];

	for (size_t i = 0; ha_disc_anycast(p, i, &a, &dev); i++) {
		int r = 0;

		if (!only || (dev && strcmp(dev, only) == 0))
			r = kern_anycast(d->kern, &a, dev, on);
		if (r < 0 && (r != -ENODEV || only)) /* a link that is not there yet */
			log_warn("disc", "ignoring an anycast address",
			    "address=%s dev=%s error=\"%s\"", text_addr(&a, text), dev ? dev : "-",
			    strerror(-r));
	}
}

int
had_disc_open(struct had *d)
{
	ev_timer_init(&d->disc_timer, on_timer, 0, 0);
	d->disc = ha_disc_new(&ops, d, (uint32_t)daemon_now().unix_ms);
	if (!d->disc)
		return -ENOMEM;
	ha_disc_configure(d->disc, &d->conf->policy, daemon_now().now);
	return 0;
}

void
had_disc_listen(struct had *d)
{
	listen_on(d, &d->conf->policy, NULL, true);
}

void
had_disc_configure(struct had *d, const struct ha_policy *next)
{
	listen_on(d, &d->conf->policy, NULL, false);
	listen_on(d, next, NULL, true);
	ha_disc_configure(d->disc, next, daemon_now().now);
	rearm(d);
}

void
had_disc_close(struct had *d)
{
	if (!d->disc)
		return;
	ha_disc_stop(d->disc);
	ev_timer_stop(d->loop, &d->disc_timer);
	ha_disc_free(d->disc);
	d->disc = NULL;
}

void
had_disc_station(
    struct had *d, const char *dev, const struct nd_mac *mac, const struct in6_addr *linklocal)
{
	ha_disc_station(d->disc, dev, mac, linklocal, daemon_now().now);
	listen_on(d, &d->conf->policy, dev, linklocal != NULL); /* a new link knows nothing */
	rearm(d);
}

void
had_disc_frame(struct had *d, const char *dev, const uint8_t *p, size_t n)
{
	ha_disc_frame(d->disc, dev, p, n, daemon_now().now);
	rearm(d);
}

/* Is that the care-of address of who it says it is? (RFC 6275 9.3.1) */
static bool
is_vouched_for(const struct had *d, const struct ip6_mh_packet *p, mono_t now)
{
	const struct ha_bind *b = ha_cache_find(ha_bindings(d->ha), &p->hao);

	return ha_bind_is_live(b, now) && ip6_equal(&b->reg.coa, &p->src);
}

void
had_disc_receive(struct had *d, const struct ip6_mh_packet *p)
{
	struct tick t = daemon_now();

	if (p->has_hao && !is_vouched_for(d, p, t.now)) {
		ha_receive(d->ha, t, p); /* M-08: a Binding Error */
		return;
	}
	ha_disc_receive(d->disc, p, t.now);
	rearm(d);
}

void
had_disc_event(struct had *d, const struct ha_event *e)
{
	switch (e->kind) {
	case HA_EV_REGISTERED:
	case HA_EV_REFRESHED:
	case HA_EV_MOVED:
		ha_disc_bound(d->disc, &e->hoa, &e->coa, daemon_now().now);
		break;
	case HA_EV_DEREGISTERED:
	case HA_EV_EXPIRED:
	case HA_EV_DROPPED:
		ha_disc_unbound(d->disc, &e->hoa);
		break;
	case HA_EV_REFUSED:
	case HA_EV_DISCARDED:
		return;
	}
	rearm(d);
}
