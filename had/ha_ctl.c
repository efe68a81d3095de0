/* ha_ctl.c - see ha_ctl.h. */
#include "config.h"
#include "had/ha_ctl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/base.h"
#include "common/base/text.h"
#include "had/ha_tell.h"

static void
put(json_t *o, const char *key, json_t *value)
{
	json_object_set_new(o, key, value);
}

static json_t *
seconds(int64_t ms)
{
	return json_integer(ms / 1000);
}

static bool
no_words(struct ctl_call *call, int argc)
{
	if (argc > 0)
		ctl_fail(call, "usage", "this verb takes no further words");
	return argc == 0;
}

static void
count_tunnel(void *ctx, const struct kobj *o)
{
	json_int_t *n = ctx;

	*n += o->kind == KOBJ_TUNNEL;
}

static void
show_status(void *ctx, struct ctl_call *call, int argc, const char *const *argv)
{
	struct had *d = ctx;
	json_int_t tunnels = 0;
	json_t *o;

	(void)argv;
	if (!no_words(call, argc))
		return;
	want_each(d->want, count_tunnel, &tunnels);
	o = json_object();
	put(o, "daemon", json_string("had"));
	put(o, "version", json_string(PACKAGE_VERSION));
	put(o, "pid", json_integer(getpid()));
	put(o, "datapath", json_string(kern_datapath_name(d->kern)));
	put(o, "uptime_s", seconds(daemon_now().now.ms - d->started.ms));
	put(o, "config", json_string(d->file));
	put(o, "guests", json_integer((json_int_t)d->conf->table.guests));
	put(o, "bindings", json_integer((json_int_t)ha_bound(d->ha)));
	put(o, "adopted", json_integer((json_int_t)ha_adopted(d->ha)));
	put(o, "tunnels", json_integer(tunnels));
	ctl_line(call, o);
}

/* ---- tunnels ---- */

struct showing {
	struct had *d;
	struct ctl_call *call;
};

static void
show_tunnel(void *ctx, const struct kobj *o)
{
	struct showing *s = ctx;
	struct kern_tunnel_info i;
	json_t *line;

	if (o->kind != KOBJ_TUNNEL || kern_tunnel_info(s->d->kern, &o->tunnel, &i) < 0)
		return;
	line = json_object();
	put(line, "local", ha_json_addr(&o->tunnel.local));
	put(line, "remote", ha_json_addr(&o->tunnel.remote));
	put(line, "dev", json_string(i.dev));
	put(line, "mtu_octets", json_integer(i.mtu));
	put(line, "in_packets", json_integer((json_int_t)i.in_packets));
	put(line, "in_octets", json_integer((json_int_t)i.in_octets));
	put(line, "out_packets", json_integer((json_int_t)i.out_packets));
	put(line, "out_octets", json_integer((json_int_t)i.out_octets));
	put(line, "in_dropped", json_integer((json_int_t)i.in_dropped));
	put(line, "out_dropped", json_integer((json_int_t)i.out_dropped));
	ctl_line(s->call, line);
}

static void
show_tunnels(void *ctx, struct ctl_call *call, int argc, const char *const *argv)
{
	struct showing s = { .d = ctx, .call = call };

	(void)argv;
	if (no_words(call, argc))
		want_each(s.d->want, show_tunnel, &s);
}

/* ---- counters ---- */

static void
show_counter(void *ctx, const char *name, uint64_t n)
{
	json_t *line = json_object();

	put(line, "name", json_string(name));
	put(line, "value", json_integer((json_int_t)n));
	ctl_line(ctx, line);
}

static void
show_counters(void *ctx, struct ctl_call *call, int argc, const char *const *argv)
{
	struct had *d = ctx;

	(void)argv;
	if (!no_words(call, argc))
		return;
	for (enum ha_reason r = 0; r < HA_REASONS; r++)
		show_counter(call, ha_reason_name(r), ha_counted(d->ha, r));
	for (enum ha_disc_count c = 0; c < HA_DISC_COUNTS; c++)
		show_counter(call, ha_disc_count_name(c), ha_disc_counted(d->disc, c));
	kern_counters(d->kern, show_counter, call);
}

/* ---- bindings ---- */

static json_t *
binding_json(const struct ha_bind *b, mono_t now)
{
	json_t *o = json_object();

	put(o, "hoa", ha_json_addr(&b->reg.hoa));
	put(o, "coa", ha_json_addr(&b->reg.coa));
	put(o, "state", json_string(b->state == HA_BOUND ? "bound" : "deleted"));
	put(o, "mobile_router", json_boolean(b->reg.mobile_router));
	put(o, "explicit", json_boolean(b->reg.explicit));
	put(o, "seq", json_integer(b->reg.seq));
	put(o, "lifetime_s", json_integer(b->reg.lifetime_s));
	put(o, "left_s", seconds(mono_left_ms(now, b->expires)));
	put(o, "prefixes", ha_json_prefixes(b->reg.prefix, b->reg.n));
	put(o, "previous_coa", b->lates ? ha_json_addr(&b->late[0].coa) : json_null());
	put(o, "late_left_ms",
	    b->lates ? json_integer(mono_left_ms(now, b->late[0].until)) : json_null());
	put(o, "registered_s", seconds(now.ms - b->since.ms));
	put(o, "moves", json_integer(b->moves));
	return o;
}

static void
show_bindings(void *ctx, struct ctl_call *call, int argc, const char *const *argv)
{
	struct had *d = ctx;
	mono_t now = daemon_now().now;

	(void)argv;
	if (!no_words(call, argc))
		return;
	for (const struct ha_bind *b = ha_bindings(d->ha)->by_hoa; b; b = b->hh.next)
		ctl_line(call, binding_json(b, now));
}

static void
drop_binding(void *ctx, struct ctl_call *call, int argc, const char *const *argv)
{
	struct had *d = ctx;
	struct in6_addr hoa;

	if (argc != 1 || text_to_addr(argv[0], &hoa) < 0)
		ctl_fail(call, "usage", "drop binding HOME-ADDRESS");
	else if (ha_drop(d->ha, daemon_now(), &hoa) < 0)
		ctl_fail(call, "unknown-guest", "%s has no binding", argv[0]);
}

/* ---- guests: the table and the ranges ---- */

static json_int_t
bound_within(const struct ha *h, const struct ip6_prefix *v, uint8_t n)
{
	json_int_t count = 0;

	for (const struct ha_bind *b = ha_bindings(h)->by_hoa; b; b = b->hh.next) {
		for (uint8_t i = 0; b->state == HA_BOUND && i < n; i++) {
			if (!ip6_prefix_has(&v[i], &b->reg.hoa))
				continue;
			count++;
			break;
		}
	}
	return count;
}

static void
show_guests(void *ctx, struct ctl_call *call, int argc, const char *const *argv)
{
	struct had *d = ctx;
	const struct ha_table *t = &d->conf->table;

	(void)argv;
	if (!no_words(call, argc))
		return;
	for (size_t i = 0; i < t->guests; i++) {
		const struct ha_guest *g = t->guest[i];
		const struct ha_bind *b = ha_cache_find(ha_bindings(d->ha), &g->hoa);
		json_t *o = json_object();

		put(o, "name", json_string(g->name));
		put(o, "home_address", ha_json_addr(&g->hoa));
		put(o, "range", json_array());
		put(o, "prefixes", ha_json_prefixes(g->prefix, g->n));
		put(o, "bound", json_integer(b && b->state == HA_BOUND));
		ctl_line(call, o);
	}
	for (size_t i = 0; i < t->ranges; i++) {
		const struct ha_range *r = t->range[i];
		json_t *o = json_object();

		put(o, "name", json_string(r->name));
		put(o, "home_address", json_null());
		put(o, "range", ha_json_prefixes(r->home, r->homes));
		put(o, "prefixes", ha_json_prefixes(r->prefix, r->prefixes));
		put(o, "bound", json_integer(bound_within(d->ha, r->home, r->homes)));
		ctl_line(call, o);
	}
}

/* ---- home agents, as they are told to who asks ---- */

static void
show_agent(struct ctl_call *call, const char *dev, const struct ha_agent *a, bool own)
{
	json_int_t left_s = mono_left_ms(daemon_now().now, a->until) / 1000;
	json_t *o = json_object(), *addresses = json_array();

	for (uint8_t i = 0; i < a->n; i++)
		json_array_append_new(addresses, ha_json_addr(&a->address[i].addr));
	put(o, "link", dev ? json_string(dev) : json_null());
	put(o, "addresses", addresses);
	put(o, "link_local", ip6_is_any(&a->linklocal) ? json_null() : ha_json_addr(&a->linklocal));
	put(o, "preference", json_integer(a->preference));
	put(o, "mobile_routers", json_boolean(a->mobile_routers));
	put(o, "left_s", a->until.ms == INT64_MAX ? json_null() : json_integer(left_s));
	put(o, "heard", json_boolean(!own));
	ctl_line(call, o);
}

static void
show_agents(void *ctx, struct ctl_call *call, int argc, const char *const *argv)
{
	struct had *d = ctx;
	const struct ha_policy *p = &d->conf->policy;
	struct ha_agent own;

	(void)argv;
	if (!no_words(call, argc))
		return;
	for (uint8_t i = 0; i < p->links; i++) {
		const struct ha_agents *l = ha_disc_agents(d->disc, i);

		(void)ha_disc_own(p, &p->link[i], 0, &own);
		show_agent(call, p->link[i].dev, &own, true);
		for (uint8_t k = 0; k < l->n; k++)
			show_agent(call, p->link[i].dev, &l->v[k], false);
	}
	for (size_t i = 0; p->homes > 0 && ha_disc_own(p, NULL, i, &own); i++)
		show_agent(call, NULL, &own, true);
}

/* ---- configuration ---- */

static void
show_config(void *ctx, struct ctl_call *call, int argc, const char *const *argv)
{
	struct had *d = ctx;
	char *text = NULL;
	size_t n = 0;
	FILE *f;
	json_t *o;
	int r;

	(void)argv;
	if (!no_words(call, argc))
		return;
	f = open_memstream(&text, &n);
	r = f ? ha_conf_print(f, d->conf) : -ENOMEM;
	if (f && fclose(f) != 0)
		r = -ENOMEM;
	if (r < 0) {
		ctl_fail(call, "refused", "cannot print the configuration: %s", strerror(-r));
	} else {
		o = json_object();
		put(o, "text", json_stringn(text, n));
		ctl_line(call, o);
	}
	free(text);
}

static void
reload(void *ctx, struct ctl_call *call, int argc, const char *const *argv)
{
	char why[256];

	(void)argv;
	if (no_words(call, argc) && had_reload(ctx, why, sizeof(why)) < 0)
		ctl_fail(call, "refused", "%s", why);
}

static const struct ctl_verb verbs[] = {
	{ "show status", false, show_status, "", "what this daemon is and how much it holds" },
	{ "show bindings", false, show_bindings, "", "where each guest is" },
	{ "show guests", false, show_guests, "", "who may register, and ranges" },
	{ "show agents", false, show_agents, "", "home agents, as they are told to who asks" },
	{ "show tunnels", false, show_tunnels, "", "a tunnel per host, with its traffic" },
	{ "show counters", false, show_counters, "", "what was answered, refused and dropped" },
	{ "show config", false, show_config, "", "the configuration in force, in its normal form" },
	{ "drop binding", true, drop_binding, "HOME-ADDRESS", "forget a binding at once" },
	{ "reload", true, reload, "", "read the configuration again" },
};

int
ha_ctl_open(struct had *d)
{
	const char *group = d->conf->control_group[0] ? d->conf->control_group : NULL;

	return ctl_open(&d->ctl, d->loop, d->conf->control, group, verbs, countof(verbs), d);
}
