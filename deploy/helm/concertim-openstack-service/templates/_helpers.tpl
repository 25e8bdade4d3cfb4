{{- define "concertim.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "concertim.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}{{ default (include "concertim.name" .) .Values.serviceAccount.name }}{{ else }}{{ default "default" .Values.serviceAccount.name }}{{ end }}
{{- end }}

{{- define "concertim.secret" -}}
{{- default (include "concertim.name" .) .Values.existingSecret }}
{{- end }}

{{- define "concertim.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "concertim.labels" -}}
{{ include "concertim.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* What runs, by component: {"items": {<component>: {replicas, resources}}}. */}}
{{- define "concertim.processes" -}}
{{- $items := dict }}
{{- if eq .Values.layout "all" }}
{{- $_ := set $items "all" .Values.all }}
{{- else }}
{{- range $name, $component := .Values.components }}
{{- if $component.enabled }}{{- $_ := set $items $name $component }}{{- end }}
{{- end }}
{{- end }}
{{- toJson (dict "items" $items) }}
{{- end }}

{{/* The port at which a component serves its own metrics: each has its own, from that of updates_bulk on. */}}
{{- define "concertim.metricsPort" -}}
{{- $offsets := dict "all" 0 "updates_bulk" 0 "updates_mq" 1 "metrics" 2 "api" 3 }}
{{- add (int .root.Values.observability.port) (get $offsets .component) }}
{{- end }}

{{/* config.yaml: the values, with what the chart decides. Pods that may all write to the portal do so only when elected: they may run on different nodes. */}}
{{- define "concertim.config" -}}
{{- $writers := 0 }}
{{- range $name, $process := (fromJson (include "concertim.processes" .)).items }}
{{- if has $name (list "all" "updates_bulk" "updates_mq") }}{{- $writers = add $writers (int $process.replicas) }}{{- end }}
{{- end }}
{{- $defaults := ternary (dict "updates" (dict "without_election" "wait")) (dict) (gt (int $writers) 1) }}
{{- $api := dict "host" "0.0.0.0" "port" (int .Values.service.port) }}
{{- $observability := dict "host" "0.0.0.0" "port" (int .Values.observability.port) }}
{{- toYaml (mergeOverwrite $defaults (deepCopy .Values.config) (dict "api" $api "observability" $observability)) }}
{{- end }}

{{/* The clouds: {"items": [{openstack, rmq}]}, where there is one as where there are several. */}}
{{- define "concertim.clouds" -}}
{{- toJson (dict "items" (default (list (dict "openstack" .Values.config.openstack "rmq" .Values.config.rmq)) .Values.config.clouds)) }}
{{- end }}

{{/* Where a cloud is: Keystone's address, or its name in clouds.yaml. */}}
{{- define "concertim.address" -}}
{{- $openstack := default dict .openstack }}
{{- coalesce $openstack.auth_url $openstack.cloud | default "" }}
{{- end }}

{{/* The brokers of all clouds; empty where none has one. */}}
{{- define "concertim.brokers" -}}
{{- range (fromJson (include "concertim.clouds" .)).items }}{{ dig "rmq_address" "" (default dict .rmq) }}{{ end }}
{{- end }}

{{/* What would not work, in words. */}}
{{- define "concertim.check" -}}
{{- $rmq := include "concertim.brokers" . }}
{{- if and .Values.config.clouds (or .Values.config.openstack .Values.config.rmq) }}{{ fail "config.clouds is given beside config.openstack or config.rmq: move these into the entry of their cloud" }}{{ end }}
{{- range $at, $cloud := (fromJson (include "concertim.clouds" .)).items }}
{{- $section := ternary (printf "config.clouds[%d].openstack" $at) "config.openstack" (not (empty $.Values.config.clouds)) }}
{{- if not (include "concertim.address" $cloud) }}{{ fail (printf "%s.auth_url is missing: give the address of Keystone, or as %s.cloud the name of the cloud in clouds.yaml" $section $section) }}{{ end }}
{{- end }}
{{- if not (dig "concertim" "concertim_url" "" .Values.config) }}{{ fail "config.concertim.concertim_url is missing: give the address of the portal" }}{{ end }}
{{- if and .Values.existingSecret .Values.secrets }}{{ fail "secrets and existingSecret are both given: remove one of the two" }}{{ end }}
{{- if not $rmq }}
{{- if ne .Values.layout "all" }}
{{- if .Values.components.updates_mq.enabled }}{{ fail "components.updates_mq is enabled without config.rmq.rmq_address: give the broker, or set components.updates_mq.enabled to false" }}{{ end }}
{{- if and .Values.components.updates_bulk.enabled (gt (int .Values.components.updates_bulk.replicas) 1) }}{{ fail "components.updates_bulk.replicas is more than 1 without config.rmq.rmq_address: only RabbitMQ can elect the one that writes to the portal" }}{{ end }}
{{- end }}
{{- end }}
{{- end }}
