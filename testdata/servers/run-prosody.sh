#!/bin/sh
# run-prosody.sh DIR PORT SECRET
#
# Runs Prosody in the foreground, in this very process, so that whoever started it can end it
# with a signal. Components connect to 127.0.0.1:PORT. DIR is an existing directory for
# configuration, data and log. Prosody refuses to run as root; then it runs as the user prosody,
# who needs to be able to reach DIR.
set -eu
dir=$1 port=$2 secret=$3
here=$(cd "$(dirname "$0")" && pwd)
sed -e "s|@DIR@|$dir|g; s|@PORT@|$port|g; s|@SECRET@|$secret|g" "$here/prosody.cfg.lua.in" >"$dir/prosody.cfg.lua"
mkdir -p "$dir/data"
cd /
# it does not outlive who started it, however that ended
parent=$PPID
(
	while kill -0 $$ && kill -0 "$parent"; do sleep 1; done
	kill -0 "$parent" || kill $$
) >/dev/null 2>&1 &
if [ "$(id -u)" = 0 ]; then
	chown -R prosody: "$dir"
	exec setpriv --reuid prosody --regid prosody --init-groups env HOME="$dir" prosody --config "$dir/prosody.cfg.lua" -F
fi
exec prosody --config "$dir/prosody.cfg.lua" -F
