#!/bin/sh
# Real OBS on a display of its own, in a home of its own: obs.sh HOME PORT PASSWORD. Runs until it is killed (TERM ends OBS and Xvfb).
set -eu
home=$1 port=$2 password=$3
config=$home/.config/obs-studio
mkdir -p "$config/basic/profiles/Untitled" "$home/run"
chmod 700 "$home/run"
cat >"$config/global.ini" <<INI
[General]
FirstRun=true
LastVersion=486539266
[Basic]
Profile=Untitled
ProfileDir=Untitled
[OBSWebSocket]
FirstLoad=false
ServerEnabled=true
ServerPort=$port
AlertsEnabled=false
AuthRequired=true
ServerPassword=$password
INI
# A replay buffer can be started only where the profile has one.
cat >"$config/basic/profiles/Untitled/basic.ini" <<INI
[General]
Name=Untitled
[SimpleOutput]
RecRB=true
RecQuality=Small
INI
export HOME="$home" XDG_CONFIG_HOME="$home/.config" XDG_RUNTIME_DIR="$home/run" LIBGL_ALWAYS_SOFTWARE=1
# Xvfb chooses a free display and writes its number.
Xvfb -displayfd 3 -screen 0 1280x720x24 -nolisten tcp 3>"$home/display" 2>"$home/xvfb.log" &
xvfb=$!
obs=""
trap 'kill $obs $xvfb 2>/dev/null || :; wait; exit 0' TERM INT EXIT
while [ ! -s "$home/display" ]; do
    kill -0 "$xvfb"
    sleep 0.1
done
DISPLAY=:$(cat "$home/display") obs --multi --minimize-to-tray --disable-updater --disable-missing-files-check >"$home/obs.log" 2>&1 &
obs=$!
wait "$obs"
