/*
 * log.h - one call, one line: fixed text first, then key=value.
 *
 *	log_info("reg", "binding accepted", "hoa=%s seq=%u", text_addr(&hoa, b), seq);
 *
 *	mrd: reg: binding accepted hoa=2001:db8:1::1 seq=17
 *
 * The first word is the module and the debug filter (-D reg,kern). The fixed text
 * never holds a variable, so it can be searched in the source and counted in a
 * journal; fmt may be NULL. To stderr: with <N> priority prefixes under systemd (JOURNAL_STREAM
 * set), plain otherwise. Never log keys.
 *
 * err: an operator must act. warn: we went on. info: bindings, guests and tunnels
 * came, changed, went. debug: packets, netlink, state transitions.
 *
 * Codec and cores do not log: they return, or call an op; the shell logs.
 *
 * Layer: base; the one file there that writes to a stream.
 */
#pragma once

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* program: borrowed for good. Everything up to info is shown. */
void log_open(const char *program);
/* modules: "reg,kern" or "all"; -EINVAL for an empty or overlong list. */
int log_debug_on(const char *modules);
/* The opposite; "all" silences every module. */
int log_debug_off(const char *modules);
bool log_debug_is_on(const char *module);

__attribute__((format(printf, 4, 5))) void log_line(
    enum log_level level, const char *module, const char *text, const char *fmt, ...);

/*
 * For what a stranger can cause: at most ten lines a second per module, then
 * silence, then one line that says how many were suppressed (with the next line of
 * any module: there is no timer here).
 */
__attribute__((format(printf, 4, 5))) void log_limited(
    enum log_level level, const char *module, const char *text, const char *fmt, ...);

#define log_err(...) log_line(LOG_LEVEL_ERR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)
