# Renders templates with Ruby's Liquid: a JSON list of cases on stdin, a JSON list of results on stdout.
require "json"
require "liquid"
require "time"

# What Rails adds, without which the engine does not know `blank`; Shopify runs with it.
class Object
  def blank?
    respond_to?(:empty?) ? !!empty? : !self
  end
end

class String
  def blank?
    match?(/\A[[:space:]]*\z/)
  end
end

class TrueClass
  def blank?
    false
  end
end

class Numeric
  def blank?
    false
  end
end

input = JSON.parse($stdin.read)
NOW = Time.at(input["now"]).utc
Time.define_singleton_method(:now) { NOW }

results = input["cases"].map do |source, variables, strict|
  template = Liquid::Template.parse(source, error_mode: :strict)
  { "text" => template.render!(variables, strict_variables: strict, strict_filters: true) }
rescue StandardError => error
  { "error" => "#{error.class}: #{error.message}" }
end
puts JSON.generate(results)
