{{- define "polaris.name" -}}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name .Chart.Name) (contains .Chart.Name .Release.Name) | trunc 52 | trimSuffix "-" }}
{{- end }}

{{- define "polaris.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: server
{{- end }}

{{- define "polaris.labels" -}}
{{ include "polaris.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{/* A reference to an image, of a list of its values and the tag that it has without one. */}}
{{- define "polaris.image" -}}
{{- $image := index . 0 -}}
{{- if $image.digest }}{{ $image.repository }}@{{ $image.digest }}{{ else }}{{ $image.repository }}:{{ $image.tag | default (index . 1) }}{{ end }}
{{- end }}

{{/* Numbers of values are floating-point to Helm, which would write 2.68435456e+08. */}}
{{- define "polaris.text" -}}
{{- if kindIs "float64" . }}{{ if eq . (floor .) }}{{ int64 . }}{{ else }}{{ . }}{{ end }}{{ else if kindIs "slice" . }}{{ join "," . }}{{ else }}{{ . }}{{ end }}
{{- end }}

{{/* The strategy of the values over the defaults, key by key; merge would take a 0 for a value that is missing. */}}
{{- define "polaris.strategy" -}}
{{- $type := .Values.strategy.type | default "RollingUpdate" -}}
type: {{ $type }}
{{- if eq $type "RollingUpdate" }}
{{- $given := .Values.strategy.rollingUpdate | default dict }}
{{- $surge := ternary 0 1 .Values.gpu.enabled }}
{{- if hasKey $given "maxSurge" }}{{ $surge = $given.maxSurge }}{{ end }}
{{- $unavailable := ternary 1 0 .Values.gpu.enabled }}
{{- if hasKey $given "maxUnavailable" }}{{ $unavailable = $given.maxUnavailable }}{{ end }}
{{- if and (regexMatch "^0+%?$" (toString $surge)) (regexMatch "^0+%?$" (toString $unavailable)) }}
{{- fail "strategy.rollingUpdate.maxSurge and maxUnavailable are both 0: no pod could ever be replaced" }}
{{- end }}
rollingUpdate:
  maxSurge: {{ $surge }}
  maxUnavailable: {{ $unavailable }}
{{- end }}
{{- end }}

{{/* The name that the server's certificate is for. */}}
{{- define "polaris.tls-name" -}}
{{ .Values.tls.serverName | default (printf "%s.%s.svc" (include "polaris.name" .) .Release.Namespace) }}
{{- end }}

{{- define "polaris.container-security" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
capabilities:
  drop: [ALL]
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{/* The kubelet's gRPC probe knows no TLS; the program's own does. */}}
{{- define "polaris.probe" -}}
{{- if .Values.tls.secretName -}}
exec:
  command:
    - /usr/local/bin/polaris-server
    - health
    - --server
    - https://127.0.0.1:50051
    - --tls-name
    - {{ include "polaris.tls-name" . }}
    {{- if .Values.tls.ownAuthority }}
    - --ca
    - /tls/server/ca.crt
    {{- end }}
    {{- if .Values.tls.clientCaSecretName }}
    - --cert
    - /tls/server/tls.crt
    - --key
    - /tls/server/tls.key
    {{- end }}
{{- else -}}
grpc:
  port: 50051
{{- end }}
{{- end }}
