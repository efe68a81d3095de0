/* mr_gateway.c - see mr_gateway.h. */
#include "mrd/mr_gateway.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "common/base/base.h"
#include "common/base/text.h"

/* ---- settings ---- */

/* %s is the link's name. */
static const struct {
	const char *name, *value;
} link_settings[] = {
	{ "sysctl net/ipv6/conf/%s/disable_ipv6", "0" },
	/* It has no other router than us. */
	{ "sysctl net/ipv6/conf/%s/accept_ra", "0" },
	{ "sysctl net/ipv6/conf/%s/forwarding", "1" },
	/* The guest's Home Address is its gateway's address; answer for it at once. */
	{ "sysctl net/ipv6/conf/%s/proxy_ndp", "1" },
	{ "sysctl net/ipv6/neigh/%s/proxy_delay", "0" },
	{ "link %s addrgenmode", "none" },
};

static void
set(struct mr_setting *s, const char *format, const char *link, const char *value)
{
	const char *at = strstr(format, "%s");

	memset(s, 0, sizeof(*s));
	(void)snprintf(s->name, sizeof(s->name), "%.*s%s%s", at ? (int)(at - format) : 0, format,
	    at ? link : "", at ? at + 2 : format);
	(void)snprintf(s->value, sizeof(s->value), "%s", value);
}

size_t
mr_gateway_link_settings(const struct mr_gateway_conf *conf, const char *link,
    struct mr_setting ret_v[static MR_LINK_SETTINGS_MAX])
{
	char text[TEXT_ADDR_MAX], name[MR_SETTING_NAME_MAX];
	size_t n = 0;

	for (size_t i = 0; i < countof(link_settings); i++)
		set(&ret_v[n++], link_settings[i].name, link, link_settings[i].value);
	set(&ret_v[n++], "link %s address", link, text_mac(&conf->mac, text));
	(void)snprintf(name, sizeof(name), "address %%s %s/64", text_addr(&conf->address, text));
	set(&ret_v[n++], name, link, "present");
	return n;
}

size_t
mr_gateway_host_settings(const char *uplink, struct mr_setting ret_v[static MR_HOST_SETTINGS_MAX])
{
	/*
	 * First: a host that becomes a router stops listening to Router Advertisements,
	 * and loses its way out (RFC 3963 5.6). Who wants none, has 0 and keeps it.
	 */
	set(&ret_v[0], "sysctl net/ipv6/conf/%s/accept_ra", uplink, "2");
	(void)snprintf(ret_v[0].unless, sizeof(ret_v[0].unless), "0");
	set(&ret_v[1], "sysctl net/ipv6/conf/%s/forwarding", "all", "1");
	return 2;
}

void
mr_gateway_uplink_setting(const char *uplink, bool router, struct mr_setting *ret_s)
{
	set(ret_s, "sysctl net/ipv6/conf/%s/forwarding", uplink, router ? "1" : "0");
}

/* ---- when ---- */

void
mr_gateway_start(struct mr_gateway *gw, mono_t now)
{
	gw->on = true;
	gw->ra_due = now;
	gw->na_due = now;
	gw->na_left = MR_GATEWAY_ANNOUNCE;
	gw->tokens = MR_GATEWAY_TOKENS;
	gw->refilled = now;
}

void
mr_gateway_stop(struct mr_gateway *gw)
{
	*gw = (struct mr_gateway){ .ra_due = MONO_NEVER, .na_due = MONO_NEVER };
}

void
mr_gateway_changed(struct mr_gateway *gw, mono_t now)
{
	if (gw->on)
		gw->ra_due = now;
}

bool
mr_gateway_solicited(struct mr_gateway *gw, mono_t now)
{
	const int64_t each_ms = 1000 / MR_GATEWAY_TOKENS;
	int64_t fresh;

	if (!gw->on)
		return false;
	fresh = (now.ms - gw->refilled.ms) / each_ms;
	if (fresh >= MR_GATEWAY_TOKENS - (int64_t)gw->tokens) {
		gw->tokens = MR_GATEWAY_TOKENS;
		gw->refilled = now;
	} else if (fresh > 0) {
		gw->tokens += (unsigned)fresh;
		gw->refilled = mono_add_ms(gw->refilled, fresh * each_ms);
	}
	if (gw->tokens == 0)
		return false;
	gw->tokens--;
	return true;
}

unsigned
mr_gateway_tick(
    struct mr_gateway *gw, const struct mr_gateway_conf *conf, mono_t now, uint32_t random)
{
	int64_t span = conf->interval_max_ms - conf->interval_min_ms;
	unsigned send = 0;

	if (!gw->on)
		return 0;
	if (mono_reached(now, gw->ra_due)) {
		send |= MR_GATEWAY_RA;
		gw->ra_due = mono_add_ms(
		    now, conf->interval_min_ms + (span > 0 ? (int64_t)random % (span + 1) : 0));
	}
	if (mono_reached(now, gw->na_due)) {
		send |= MR_GATEWAY_NA;
		gw->na_due =
		    --gw->na_left > 0 ? mono_add_ms(now, MR_GATEWAY_ANNOUNCE_MS) : MONO_NEVER;
	}
	return send;
}

mono_t
mr_gateway_due(const struct mr_gateway *gw)
{
	return gw->on ? mono_min(gw->ra_due, gw->na_due) : MONO_NEVER;
}

/* ---- what ---- */

static uint32_t
seconds(int64_t ms)
{
	return (uint32_t)(ms / 1000);
}

/*
 * Off-link (L clear): what the guest sends, even to a neighbour in its own prefix
 * that is elsewhere, comes to us. Addresses are made of a /64 only (RFC 4862 5.5.3).
 */
static struct nd_prefix
advertised(const struct mr_gateway_conf *conf, const struct ip6_prefix *p, bool withdrawn)
{
	return (struct nd_prefix){
		.prefix = *p,
		.flags = conf->autonomous && p->len == 64 ? ND_PREFIX_A : 0,
		.valid_s = withdrawn ? 0 : seconds(conf->valid_ms),
		.preferred_s = withdrawn ? 0 : seconds(conf->preferred_ms),
	};
}

void
mr_gateway_ra(const struct mr_gateway_conf *conf, const struct mr_guest_conf *guest, uint32_t mtu,
    bool withdrawn, struct nd_ra *ret_ra)
{
	struct nd_ra ra = { .hop_limit = 64 };

	if (conf->managed)
		ra.flags |= ND_RA_M;
	if (conf->other)
		ra.flags |= ND_RA_O;
	/* Without its prefixes there is no way out for it here (RFC 3963 5.4.2). */
	ra.lifetime_s = withdrawn ? 0 : (uint16_t)seconds(conf->router_lifetime_ms);
	ra.mtu = conf->mtu ? conf->mtu : mtu;
	for (unsigned i = 0; i < guest->prefixes && i < ND_PREFIX_MAX; i++)
		ra.prefix[ra.prefixes++] = advertised(conf, &guest->prefix[i], withdrawn);
	for (unsigned i = 0; i < conf->rdnss_n; i++)
		ra.rdnss[ra.rdnss_n++] = conf->rdnss[i];
	ra.rdnss_lifetime_s = seconds(conf->rdnss_lifetime_ms);
	*ret_ra = ra;
}

void
mr_gateway_ra_former(const struct mr_gateway_conf *conf, const struct ip6_prefix *former,
    unsigned n, struct nd_ra *ra)
{
	for (unsigned i = 0; i < n && ra->prefixes < ND_PREFIX_MAX; i++)
		ra->prefix[ra->prefixes++] = advertised(conf, &former[i], true);
}
